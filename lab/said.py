# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a QEMU that is started and ended says, as a cell of tests/data/oracle."""
import re
import subprocess

QUIT = b'{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n'


def messages(argv, stderr):
    """The lines that iommufit predicts: without program name and option, as tests/data/oracle has them."""
    options = [(argv[i], argv[i + 1]) for i in range(len(argv) - 1) if argv[i].startswith("-")]
    kept = []
    for line in stderr.splitlines():
        for _ in range(2):
            is_warning = line.startswith("warning: ")
            line = re.sub(r"^(\S*/)?qemu-system-\w+: ", "", line.removeprefix("warning: "))
            for name, value in sorted(options, key=lambda option: -len(option[1])):
                if line.startswith(f"{name} {value}: "):
                    line = line[len(f"{name} {value}: "):]
                    break
            line = "warning: " + line if is_warning else line
        if line.strip() and not re.match(r"(warning: )?(Machine type '.*' is deprecated|(host|TCG) doesn't support)",
                                         line):
            kept.append(line.rstrip())
    return kept


def ask(command, program, argv, real, **more):
    """command is run with the options real; the cell names argv, which is the same where no file of this machine's is."""
    done = subprocess.run([*command, *real], input=QUIT, capture_output=True, timeout=120)
    return {"mode": "init", "argv": [program, *argv], "outcome": "starts" if done.returncode == 0 else "fails",
            "messages": messages(real, done.stderr.decode(errors="replace")), **more}


def version(command):
    text = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"version (\S+)", text).group(1)
