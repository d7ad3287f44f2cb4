#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line as its users see it: statuses, errors, help, JSON, files. Each row of a table is a test.

--update writes the golden files anew instead of comparing with them.
"""
import argparse
import fcntl
import json
import os
import pathlib
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios

try:
    import jsonschema
except ImportError:
    jsonschema = None

COMMANDS = ["host", "capture", "caps", "check", "fix", "rules"]
PLANNED = ["resolve", "map", "explain", "probe", "rehearse", "compare", "baseline", "fleet", "hook"]

FITS = "qemu-system-x86_64 -M q35 -m 4G -accel kvm -cpu host\n"
WIDE = """\
#!/bin/sh
# A VM whose vIOMMU is wider than the host's.
exec qemu-system-x86_64 \\
    -nodefaults \\
    -machine pc-q35-11.1,kernel-irqchip=split -accel kvm -m 4G \\
    -device intel-iommu,caching-mode=on,aw-bits=48 \\
    -device vfio-pci,host=0000:00:05.0,id=gpu
"""

# Files that the rows below name, beside "deep" (a long path) and the captures.
FILES = {
    "fits.sh": FITS,
    "wide.sh": WIDE,
    "empty": "",
    "quote.sh": "qemu-system-x86_64 -name 'never closed\n",
    "words.txt": "this is no command line of any machine\n",
    "binary": bytes(range(256)) * 16,
    "nul.sh": b"qemu-system-x86_64 -M q35\n\0\n-m 4G\0\0",
    "big": b"qemu-system-x86_64 " + b"x" * (5 << 20),
    "empty.json": "",
    "cut.json": '{"schema": "iommufit.host/1", "cpu": {',
    "other.json": '{"schema": "something.else/1"}\n',
    "empty.tar.xz": "",
    "bad.tar.xz": b"\xfd7zXZ\0\0\x04" + b"\x55" * 64,
    "secret": FITS,
}

H39 = ["--host", "{data}/captures/intel39-pb46.tar.xz"]
V = ["--vmm", "qemu=11.1.3"]

# name, arguments, status, pattern of standard error, standard input. All end in one line on standard error, and say
# the same as JSON with --json.
FAILURES = [
    ("no command", [], 64, "no command", None),
    ("unknown command", ["bogus"], 64, "unknown command 'bogus'", None),
    ("command with a control character", ["a\x1b[31m\nb"], 64, r"unknown command 'a\\x1b\[31m\\x0ab'", None),
    ("unknown option", ["check", "--foo", "fits.sh"], 64, "unknown option '--foo'", None),
    ("unknown letter", ["check", "-x", "fits.sh"], 64, "unknown option '-x'", None),
    ("option of another command", ["check", "--diff", "fits.sh"], 64, "check has no option --diff", None),
    ("option before its command", ["--host", "x", "check", "fits.sh"], 64, "--host comes after", None),
    ("option without its argument", ["check", "fits.sh", "--host"], 64, "--host needs an argument", None),
    ("flag with an argument", ["check", "--migrate=yes", "fits.sh"], 64, "--migrate takes no argument", None),
    ("abbreviated option", ["check", "--verb", "fits.sh"], 64, "unknown option '--verb'", None),
    ("not one of its choices", ["check", "--backend", "vfio", "fits.sh"], 64, "none of: iommufd legacy", None),
    ("size without digits", ["check", "--memlock", "G", "fits.sh"], 64, "'G' is no size", None),
    ("size of zero", ["check", "--memlock", "0", "fits.sh"], 64, "'0' is no size", None),
    ("size with a sign", ["check", "--memlock", "-1", "fits.sh"], 64, "'-1' is no size", None),
    ("size that overflows", ["check", "--memlock", "18014398509481984K", "fits.sh"], 64, "is no size", None),
    ("size with trailing text", ["check", "--memlock", "1GB", "fits.sh"], 64, "'1GB' is no size", None),
    ("process number with text", ["check", "--pid", "12x"], 64, "'12x' is no positive number", None),
    ("process number too large", ["check", "--pid", "99999999999999999999"], 64, "no positive number", None),
    ("no VM", ["check"], 64, "check: no VM", None),
    ("two VMs", ["check", "fits.sh", "wide.sh"], 64, "one argument too many: 'wide.sh'", None),
    ("a file and a device", ["check", "fits.sh", "--device", "01:00.0"], 64, "give one VM", None),
    ("a file and a command line", ["check", "fits.sh", "--", "qemu-system-x86_64"], 64, "give one VM", None),
    ("nothing behind --", ["check", "--"], 64, "nothing after '--'", None),
    ("word instead of an address", ["check", "--device", "gpu"] + H39, 64, "'gpu' is no PCI address", None),
    ("capture without a file", ["capture"], 64, "no -o FILE", None),
    ("capture of unknown format", ["capture", "-o", "x.zip"], 64, "does not end in", None),
    ("argument of host", ["host", "x"], 64, "one argument too many", None),
    ("unknown model", ["caps", "smmu"], 64, "'smmu' is no model", None),
    ("unknown VMM version", ["check", "--vmm", "qemu=bogus", "fits.sh"] + H39, 64, "bogus", None),
    ("absent VM", ["check", "nofile"], 66, "nofile", None),
    ("absent folder of a VM", ["check", "fits.sh/x"], 66, "fits.sh/x", None),
    ("absent host", ["check", "--host", "nohost", "fits.sh"], 66, "nohost", None),
    ("absent machine of the catalogue", ["check", "--host", "cpu:abacus", "fits.sh"], 66, "abacus", None),
    ("absent process", ["check", "--pid", "2147483647"], 66, "no process 2147483647", None),
    ("absent rule", ["rules", "no.such-rule"], 66, "no rule 'no.such-rule'", None),
    ("empty VM", ["check", "empty"] + H39, 65, "empty", None),
    ("empty standard input", ["check", "-"] + H39, 65, "<stdin>", ""),
    ("open quote", ["check", "quote.sh"] + H39, 65, r"quote\.sh:1", None),
    ("VM that is text", ["check", "words.txt"] + H39, 65, r"words\.txt", None),
    ("VM that is binary", ["check", "binary"] + H39, 65, "binary", None),
    ("VM that is too large", ["check", "big"] + H39, 65, "big", None),
    ("VM that never ends", ["check", "/dev/zero"] + H39, 65, "/dev/zero", None),
    ("VM that is a folder", ["check", "."] + H39, 65, r"\.: ", None),
    ("VM that is a loop of links", ["check", "loop"] + H39, 65, "loop", None),
    ("profile that is empty", ["check", "--host", "empty.json", "fits.sh"], 65, r"empty\.json", None),
    ("profile that is cut", ["check", "--host", "cut.json", "fits.sh"], 65, r"cut\.json", None),
    ("profile of another schema", ["check", "--host", "other.json", "fits.sh"], 65, r"other\.json", None),
    ("capture that is empty", ["host", "--host", "empty.tar.xz"], 65, r"empty\.tar\.xz", None),
    ("capture that is cut", ["host", "--host", "cut.tar.xz"], 65, r"cut\.tar\.xz", None),
    ("capture that is corrupt", ["host", "--host", "bad.tar.xz"], 65, r"bad\.tar\.xz", None),
    ("output in no folder", ["capture", "-o", "no/folder/x.tar"], 73, "no/folder/x.tar", None),
] + [("planned: " + name, [name], 64, name + ": not in this version", None) for name in PLANNED]

# name, arguments, status, pattern of standard output, standard input
ANSWERS = [
    ("version", ["--version"], 0, r"^iommufit \d+\.\d+\.\d+\n$", None),
    ("fits", ["check", "fits.sh"] + H39 + V, 0, r"^FITS  QEMU 11\.1\.3 ", None),
    ("fails", ["check", "wide.sh"] + H39 + V, 2, r"^FAILS  QEMU 11\.1\.3 will not start this VM ", None),
    ("message of QEMU", ["check", "wide.sh"] + H39 + V, 2, r"aw-bits 48 > host\s+aw-bits 39", None),
    ("place in the file", ["check", "wide.sh"] + H39 + V, 2, r"wide\.sh:\d+:\d+", None),
    ("standard input", ["check", "-"] + H39 + V, 2, "^FAILS", WIDE),
    ("command line", ["check"] + H39 + V + ["--"] + FITS.split(), 0, "^FITS", None),
    ("options behind the VM", ["check", "fits.sh", "-qv"] + H39, 0, "^$", None),
    ("device", ["check", "--device", "0000:00:05.0"] + H39 + V, 0, "^FITS", None),
    ("device without its domain", ["check", "--device", "00:05.0"] + H39 + V, 0, "^FITS", None),
    ("device that is absent", ["check", "--device", "0000:77:00.0"] + H39 + V, 2, "^FAILS", None),
    ("verbose", ["check", "-v", "wide.sh"] + H39 + V, 2, r"intel-iommu\.aw-bits = 48", None),
    ("quiet", ["check", "-q", "wide.sh"] + H39 + V, 2, "^$", None),
    ("fix", ["fix", "wide.sh"] + H39 + V, 0, r"aw-bits=39.*\n.*host=0000:00:05\.0,id=gpu\n$", None),
    ("fix of what fits", ["fix", "fits.sh"] + H39 + V, 0, "^" + re.escape(FITS) + "$", None),
    ("fix as a diff", ["fix", "--diff", "wide.sh"] + H39 + V, 0,
     r"^--- wide\.sh\n\+\+\+ wide\.sh\n@@ -\d+,\d+ \+\d+,\d+ @@\n(?: .*\n)+-.*aw-bits=48.*\n\+.*aw-bits=39.*\n", None),
    ("fix of a command line", ["fix"] + H39 + V + ["--"] + WIDE.replace("\\\n", " ").split("exec ")[1].split(), 0,
     r"^qemu-system-x86_64 \\\n  -nodefaults \\\n(?:.*\n)*.*aw-bits=39", None),
    ("host", ["host"] + H39, 0, "39", None),
    ("caps", ["caps", "intel"] + H39 + V, 0, r"^intel-iommu", None),
    ("caps in theory", ["caps", "virtio", "--theory"] + V, 0, r"^virtio-iommu\n", None),
    ("rules", ["rules"], 0, r"^[a-z]+\.[a-z-]+  (error|warning|note)\n", None),
]

# Answers that are compared with golden/NAME.txt
GOLDEN = [
    ("fits", ["check", "fits.sh"] + H39 + V),
    ("width", ["check", "wide.sh"] + H39 + V),
    ("width-verbose", ["check", "-v", "wide.sh"] + H39 + V),
    ("width-old", ["check", "wide.sh", "--vmm", "qemu=9.0"] + H39),
    ("no-iommu", ["check", "wide.sh", "--host", "{data}/captures/intel48-off.tar.xz"] + V),
    ("plug", ["check", "fits.sh", "--plug", "vfio-pci,host=0000:00:05.0"] + H39 + V),
    ("fix-diff", ["fix", "--diff", "wide.sh"] + H39 + V),
    ("caps-intel", ["caps", "intel"] + H39 + V),
]

# Commands whose --json answer must validate against its schema.
JSON = [
    ("check fits", ["check", "fits.sh"] + H39 + V, "check"),
    ("check fails", ["check", "wide.sh"] + H39 + V, "check"),
    ("check with a plug", ["check", "fits.sh", "--plug", "vfio-pci,host=0000:00:05.0"] + H39 + V, "check"),
    ("check without an IOMMU", ["check", "wide.sh", "--host", "{data}/captures/none-pb46.tar.xz"] + V, "check"),
    ("check of AMD", ["check", "wide.sh", "--host", "{data}/captures/amd-pb48.tar.xz"] + V, "check"),
    ("check of an assumed machine", ["check", "wide.sh", "--host", "cpu:i5-3470"] + V, "check"),
    ("fix", ["fix", "wide.sh"] + H39 + V, "fix"),
    ("fix of a command line", ["fix"] + H39 + V + ["--"] + FITS.split(), "fix"),
    ("caps", ["caps"] + H39 + V, "caps"),
    ("caps in theory", ["caps", "--theory"] + V, "caps"),
    ("rules", ["rules"], "rules"),
    ("one rule", ["rules", "width.viommu-exceeds-host"], "rules"),
    ("host", ["host"] + H39, "host"),
    ("capture", ["capture", "-o", "json.tar"], "capture"),
]


class Failure(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Bench:
    """A folder with the files that the rows name, and the program under test."""

    def __init__(self, options, folder):
        self.tool = options.iommufit.resolve()
        self.source = options.source
        self.docs = options.docs
        self.update = options.update
        self.data = os.environ.get("IOMMUFIT_TEST_DATA", str(options.source / "tests/data"))
        self.folder = pathlib.Path(folder)
        self.passed = self.failed = self.skipped = 0
        for name, content in FILES.items():
            (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        (self.folder / "loop").symlink_to("loop")
        capture = pathlib.Path(self.data, "captures/intel39-pb46.tar.xz")
        if capture.exists():
            (self.folder / "cut.tar.xz").write_bytes(capture.read_bytes()[:20000])
        os.chmod(self.folder, 0o755)

    def command(self, args):
        return [str(self.tool)] + [arg.replace("{data}", self.data) for arg in args]

    def run(self, args, stdin=None, env=None, **more):
        clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "TERM")}
        clean.update(env or {})
        if "stdout" not in more:
            more["stdout"] = subprocess.PIPE
        return subprocess.run(self.command(args), input=(stdin or "").encode(), stderr=subprocess.PIPE, env=clean,
                              cwd=self.folder, timeout=60, check=False, **more)

    def schema(self, name):
        path = self.source / "docs/schema" / (name + ".json")
        return json.loads(path.read_text())

    def test(self, name, function, *args):
        try:
            skip = function(self, *args)
        except (Failure, subprocess.TimeoutExpired, json.JSONDecodeError, OSError) as error:
            self.failed += 1
            print(f"[  FAILED  ] {name}\n{error}")
            return
        if skip:
            self.skipped += 1
            print(f"[  SKIPPED ] {name}: {skip}")
            return
        self.passed += 1
        print(f"[       OK ] {name}")


def is_one_line(text):
    return text.endswith("\n") and text.count("\n") == 1 and not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)


def test_failure(bench, args, status, pattern, stdin):
    result = bench.run(args, stdin)
    text = result.stderr.decode(errors="replace")
    expect(result.returncode == status, f"status {result.returncode}, expected {status}: {text}")
    expect(is_one_line(text), f"not one line: {text!r}")
    expect(text.startswith("iommufit: "), f"no program name: {text!r}")
    expect(re.search(pattern, text), f"{text!r} does not match {pattern!r}")
    expect(not result.stdout, f"an answer besides the error: {result.stdout[:200]!r}")


def test_json_failure(bench, args, status, stdin):
    result = bench.run(["--json"] + args, stdin)
    expect(result.returncode == status, f"status {result.returncode}, expected {status}")
    expect(not result.stderr, f"standard error: {result.stderr!r}")
    answer = json.loads(result.stdout)
    expect(answer["status"] == status, f"status {answer['status']} in {answer}")
    return validate(bench, answer, "error")


def validate(bench, answer, name):
    expect(answer.get("schema") == f"iommufit.{name}/1", f"schema {answer.get('schema')}")
    if not jsonschema:
        return "python3-jsonschema is not installed"
    errors = list(jsonschema.Draft202012Validator(bench.schema(name)).iter_errors(answer))
    expect(not errors, "\n".join(f"{list(e.absolute_path)}: {e.message}"[:400] for e in errors[:5]))
    return None


def test_answer(bench, args, status, pattern, stdin):
    result = bench.run(args, stdin)
    text = result.stdout.decode()
    expect(result.returncode == status,
           f"status {result.returncode}, expected {status}\n{text}{result.stderr.decode(errors='replace')}")
    expect(re.search(pattern, text), f"{text[:2000]!r} does not match {pattern!r}")
    long = [line for line in text.splitlines() if len(line) > 80 and args[0] in ("check", "host", "caps", "rules")]
    expect(not long, "wider than 80 columns:\n" + "\n".join(long))


def test_json(bench, args, schema):
    result = bench.run(["--json"] + args)
    expect(result.returncode < 64, f"status {result.returncode}: {result.stdout[:500]!r}")
    answer = json.loads(result.stdout)
    if schema == "check":
        expected = {"fits": 0, "degraded": 1, "fails": 2, "unknown": 3}[answer["verdict"]]
        expect(result.returncode == expected, f"status {result.returncode} for {answer['verdict']}")
    if not (bench.source / "docs/schema" / (schema + ".json")).exists():
        raise Failure(f"no schema {schema}")
    return validate(bench, answer, schema)


def test_golden(bench, name, args):
    result = bench.run(args)
    text = f"$ iommufit {' '.join(args)}\n{result.stdout.decode()}(exit status {result.returncode})\n"
    path = bench.source / "tests/cli/golden" / (name + ".txt")
    if bench.update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    expect(path.exists(), f"{path} is missing: run {sys.argv[0]} --update")
    expect(path.read_text() == text, f"differs from {path}:\n{text}")


def test_help(bench, command):
    result = bench.run(([command] if command else []) + ["--help"])
    text = result.stdout.decode()
    expect(result.returncode == 0 and not result.stderr, f"status {result.returncode}")
    expect(text.startswith(f"Usage: iommufit {command}"), text[:80])
    expect(all(len(line) <= 80 and line == line.rstrip() for line in text.splitlines()), "a line is wider than 80")
    for other in COMMANDS if not command else []:
        expect(re.search(f"^  {other} ", text, re.M), f"{other} is not listed")
    expect(not re.search("^  (" + "|".join(PLANNED) + ") ", text, re.M), "lists what does not exist")


# ---- what takes more than a row ----

def test_full_device(bench):
    with open("/dev/full", "wb") as full:
        result = bench.run(["rules"], stdout=full)
    expect(result.returncode == 74, f"status {result.returncode}")
    expect(b"No space left" in result.stderr and is_one_line(result.stderr.decode()), result.stderr)


def test_closed_output(bench):
    result = subprocess.run(["sh", "-c", 'exec "$0" rules >&-', str(bench.tool)], stderr=subprocess.PIPE, check=False)
    expect(result.returncode == 74, f"status {result.returncode}")


def test_gone_reader(bench):
    read_end, write_end = os.pipe()
    os.close(read_end)
    with open(write_end, "wb") as pipe:
        result = bench.run(["rules"], stdout=pipe)
    expect(result.returncode == 74 and not result.stderr, f"status {result.returncode}: {result.stderr}")


def as_nobody(bench, args, **more):
    """As a user who owns nothing; None if that cannot be done here."""
    if os.geteuid() != 0:
        return bench.run(args, **more)
    if subprocess.run([bench.tool, "--version"], user=65534, group=65534, extra_groups=[], check=False,
                      capture_output=True, cwd="/").returncode:
        return None
    return bench.run(args, user=65534, group=65534, extra_groups=[], **more)


def test_unreadable(bench):
    os.chmod(bench.folder / "secret", 0)
    result = as_nobody(bench, ["check", "secret"] + H39)
    if result is None:
        return "another user cannot run the program"
    expect(result.returncode == 77 and is_one_line(result.stderr.decode()), f"{result.returncode}: {result.stderr}")
    return None


def test_unwritable(bench):
    closed = bench.folder / "closed"
    closed.mkdir()
    os.chmod(closed, 0o555)
    result = as_nobody(bench, ["fix", "fits.sh", "-o", "closed/x", "--host", "cpu:i5-3470"])
    if result is None:
        return "another user cannot run the program"
    expect(result.returncode == 77, f"{result.returncode}: {result.stderr}")
    expect(not list(closed.iterdir()), "something was left behind")
    return None


def test_output_file(bench):
    target = bench.folder / "fixed.sh"
    target.write_text("before")
    os.chmod(target, 0o700)
    result = bench.run(["fix", "wide.sh", "-o", "fixed.sh"] + H39 + V)
    expect(result.returncode == 0 and not result.stdout, f"{result.returncode}: {result.stderr}")
    expect(target.read_text() == WIDE.replace("aw-bits=48", "aw-bits=39"), target.read_text())
    expect(target.stat().st_mode & 0o777 == 0o700, "the mode has changed")
    expect((bench.folder / "wide.sh").read_text() == WIDE, "the input was written to")
    again = bench.run(["check", "fixed.sh"] + H39 + V)
    expect(again.returncode in (0, 1), f"the result does not start: {again.stdout.decode()}")


def test_no_cure_writes_nothing(bench):
    args = ["fix", "wide.sh", "-o", "nothing.sh", "--host", "{data}/captures/none-pb46.tar.xz"] + V
    result = bench.run(args)
    expect(result.returncode == 2, f"{result.returncode}: {result.stderr}")
    expect(not list(bench.folder.glob("nothing.sh*")), "something was written")


def test_capture(bench):
    result = bench.run(["capture", "-o", "this.tar.gz"])
    expect(result.returncode == 0, f"{result.returncode}: {result.stderr}")
    expect(re.search(r"^\d+ files in this\.tar\.gz\n\Z", result.stdout.decode(), re.M), result.stdout[-200:])
    here = bench.run(["host"])
    there = bench.run(["host", "--host", "this.tar.gz"])
    expect(there.returncode == 0, there.stderr)
    expect(here.returncode == 0 and len(here.stdout.splitlines()) > 0, here.stderr)


def test_profile(bench):
    """A profile answers as the capture does that it was made from."""
    profile = bench.run(["host", "--json"] + H39).stdout
    (bench.folder / "profile.json").write_bytes(profile)
    answers = [json.loads(bench.run(["check", "--json", "wide.sh"] + V + where).stdout)
               for where in (H39, ["--host", "profile.json"])]
    for answer in answers:
        answer["host"].pop("name")
    expect(answers[0] == answers[1], "the two answers differ")


def test_process(bench):
    """A process that is called as QEMU is, but is not it."""
    sleeper = subprocess.Popen(["bash", "-c", "exec -a qemu-system-x86_64 sleep 60 2>/dev/null"], cwd=bench.folder)
    try:
        for _ in range(200):
            if b"sleep" in pathlib.Path(f"/proc/{sleeper.pid}/cmdline").read_bytes().split(b"\0")[0]:
                continue
            if pathlib.Path(f"/proc/{sleeper.pid}/cmdline").read_bytes().startswith(b"qemu-system"):
                break
            subprocess.run(["sleep", "0.01"], check=False)
        result = bench.run(["check", "--pid", str(sleeper.pid), "--vmm", "qemu=11.1.3"])
        expect(result.returncode in (0, 1, 2, 3), f"{result.returncode}: {result.stderr}")
    finally:
        sleeper.kill()
        sleeper.wait()


def on_terminal(bench, args, env=None, columns=100):
    """Standard output as a terminal shows it."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with open(follower, "wb") as terminal:
        result = bench.run(args, env={"TERM": "xterm", **(env or {})}, stdout=terminal)
    text = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        text += part
    os.close(leader)
    expect(result.returncode < 64, result.stderr)
    return text.decode().replace("\r\n", "\n")


COLOUR = [
    ("terminal", [], {}, True),
    ("NO_COLOR", [], {"NO_COLOR": "1"}, False),
    ("empty NO_COLOR", [], {"NO_COLOR": ""}, True),
    ("--no-colour", ["--no-colour"], {}, False),
    ("dumb terminal", [], {"TERM": "dumb"}, False),
    ("--json", ["--json"], {}, False),
]


def test_colour(bench, more, env, coloured):
    text = on_terminal(bench, ["rules"] + more, env)
    expect(("\x1b[" in text) == coloured, repr(text[:200]))


def test_no_colour_in_pipe(bench):
    expect(b"\x1b" not in bench.run(["rules"], env={"TERM": "xterm"}).stdout, "colours in a pipe")


WIDTHS = [
    ("terminal of 100", 100, {}, 100),
    ("terminal of 300", 300, {}, 120),
    ("terminal of 20", 20, {}, 60),
    ("COLUMNS before the terminal", 100, {"COLUMNS": "70"}, 70),
    ("COLUMNS that is no number", 100, {"COLUMNS": "7x"}, 100),
]


def test_width(bench, columns, env, widest):
    text = on_terminal(bench, ["check", "wide.sh", "-v", "--no-colour"] + H39 + V, env, columns)
    longest = max(len(line) for line in text.splitlines())
    # A word that is wider than the line stays whole; there is none of 60 columns in this answer.
    expect(widest - 25 < longest <= widest, f"the longest line has {longest} columns")


def test_man(bench):
    pages = sorted((bench.docs / "man").glob("*.1")) + [bench.source / "docs/man/libiommufit.3"]
    expect(len(pages) == len(COMMANDS) + 2, f"{len(pages)} pages")
    if not shutil.which("groff"):
        return "groff is not installed"
    for page in pages:
        result = subprocess.run(["groff", "-man", "-Tutf8", "-ww", page], capture_output=True, check=False)
        expect(result.returncode == 0 and not result.stderr, f"{page.name}: {result.stderr.decode()}")
        for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO"):
            expect(f".SH {section}" in page.read_text(), f"{page.name} has no {section}")
        for section in ("EXAMPLES", "EXIT STATUS") if page.suffix == ".1" else ():
            expect(f".SH {section}" in page.read_text(), f"{page.name} has no {section}")
    return None


COMPLETIONS = [
    (["ca"], {"capture", "caps"}),
    (["check", "--mem"], {"--memlock"}),
    (["check", "--backend", ""], {"iommufd", "legacy"}),
    (["caps", "v"], {"virtio"}),
    (["check", "wide"], {"wide.sh"}),
    (["rules", "--dif"], set()),
    (["check", "--", "--mem"], set()),
]


def test_completion(bench, words, expected):
    script = 'source "$1"; shift; COMP_WORDS=(iommufit "$@"); COMP_CWORD=$#; _iommufit; printf "%s\\n" "${COMPREPLY[@]}"'
    result = subprocess.run(["bash", "-c", script, "bash", bench.docs / "completion/iommufit"] + words,
                            capture_output=True, text=True, cwd=bench.folder, check=False)
    found = set(result.stdout.split())
    expect(found == expected and not result.stderr, f"{found} {result.stderr}")


def test_shell_syntax(bench, shell, name):
    if not shutil.which(shell):
        return f"{shell} is not installed"
    result = subprocess.run([shell, "-n", bench.docs / "completion" / name], capture_output=True, check=False)
    expect(result.returncode == 0, result.stderr.decode())
    return None


def test_schemas_are_schemas(bench):
    if not jsonschema:
        return "python3-jsonschema is not installed"
    for path in sorted((bench.source / "docs/schema").glob("*.json")):
        jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text()))
    return None


def rows(bench):
    for command in [""] + COMMANDS:
        yield f"help {command}", test_help, command
    for name, args, status, pattern, stdin in FAILURES:
        yield f"failure: {name}", test_failure, args, status, pattern, stdin
        yield f"failure as JSON: {name}", test_json_failure, args, status, stdin
    for name, args, status, pattern, stdin in ANSWERS:
        yield f"answer: {name}", test_answer, args, status, pattern, stdin
    for name, args, schema in JSON:
        yield f"schema: {name}", test_json, args, schema
    for name, args in GOLDEN:
        yield f"golden: {name}", test_golden, name, args
    for name, more, env, coloured in COLOUR:
        yield f"colour: {name}", test_colour, more, env, coloured
    for name, columns, env, widest in WIDTHS:
        yield f"width: {name}", test_width, columns, env, widest
    for words, expected in COMPLETIONS:
        yield f"completion: {' '.join(words)}", test_completion, words, expected
    for shell, name in (("bash", "iommufit"), ("zsh", "_iommufit"), ("fish", "iommufit.fish")):
        yield f"completion syntax: {shell}", test_shell_syntax, shell, name
    for function in (test_full_device, test_closed_output, test_gone_reader, test_unreadable, test_unwritable,
                     test_output_file, test_no_cure_writes_nothing, test_capture, test_profile, test_process,
                     test_no_colour_in_pipe, test_man, test_schemas_are_schemas):
        yield function.__name__[5:].replace("_", " "), function


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iommufit", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--docs", type=pathlib.Path, required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        for name, function, *args in rows(bench):
            if options.only in name:
                bench.test(name, function, *args)
    print(f"{bench.passed} passed, {bench.failed} failed")
    return 1 if bench.failed or not bench.passed else 0


if __name__ == "__main__":
    sys.exit(main())
