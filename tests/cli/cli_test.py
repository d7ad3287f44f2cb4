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
import threading

from cli_rows import (ANSWERS, COLOUR, COMMANDS, COMPLETIONS, FAILURES, FILES, GOLDEN, H39, JSON,
                      PLANNED, V, WIDE, WIDTHS)

try:
    import jsonschema
except ImportError:
    jsonschema = None


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
        (self.folder / "link.sh").symlink_to("wide.sh")
        (self.folder / "dangling").symlink_to("nothing")
        (self.folder / "hard.sh").write_text(WIDE)
        os.link(self.folder / "hard.sh", self.folder / "hard-too.sh")
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
    expect(re.search(pattern, text, re.M), f"{text[:2000]!r} does not match {pattern!r}")
    long = [line for line in text.splitlines() if len(line) > 80 and args[0] in ("check", "host", "caps", "rules", "map")
            and not {"--svg", "--html"} & set(args)]
    expect(not long, "wider than 80 columns:\n" + "\n".join(long))


def test_json(bench, args, schema):
    result = bench.run(["--json"] + args)
    expect(result.returncode < 64, f"status {result.returncode}: {result.stdout[:500]!r}")
    answer = json.loads(result.stdout)
    if schema in ("check", "map"):
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
    try:
        probe = subprocess.run([bench.tool, "--version"], user=65534, group=65534, extra_groups=[], check=False,
                               capture_output=True, cwd="/")
    except PermissionError:
        return None
    if probe.returncode:
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
    result = as_nobody(bench, ["fix", "fits.sh", "-o", "closed/x", "--host", "cpu:i7-13700k"])
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


def test_map_file(bench):
    """Written as a whole, or what was there stays; never in colours."""
    target = bench.folder / "map.html"
    target.write_text("before")
    args = ["map", "wide.sh", "--html", "-o", "map.html"] + H39
    result = bench.run(args + ["--vmm", "qemu=bogus"])
    expect(result.returncode == 64 and target.read_text() == "before", f"{result.returncode}: {result.stderr}")
    result = bench.run(args + V)
    expect(result.returncode == 2 and not result.stdout, f"{result.returncode}: {result.stderr}")
    expect(target.read_text() == bench.run(args[:3] + H39 + V).stdout.decode(), "not what is printed")
    text = on_terminal(bench, ["map", "wide.sh", "-o", "map.txt"] + H39 + V)
    expect(not text and "\x1b" not in (bench.folder / "map.txt").read_text(), "colours in a file")
    expect("\x1b[" in on_terminal(bench, ["map", "wide.sh"] + H39 + V), "no colours on a terminal")


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


def drain(leader, parts):
    """Read what a terminal shows until its other end is closed (Linux then says EIO)."""
    try:
        while part := os.read(leader, 65536):
            parts.append(part)
    except OSError:
        pass


def on_terminal(bench, args, env=None, columns=100):
    """Standard output as a terminal shows it."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    parts = []
    reader = threading.Thread(target=drain, args=(leader, parts))
    reader.start()
    with open(follower, "wb") as terminal:
        result = bench.run(args, env={"TERM": "xterm", **(env or {})}, stdout=terminal)
    reader.join()
    os.close(leader)
    expect(result.returncode < 64, result.stderr)
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_colour(bench, more, env, coloured):
    text = on_terminal(bench, ["rules"] + more, env)
    expect(("\x1b[" in text) == coloured, repr(text[:200]))


def test_no_colour_in_pipe(bench):
    expect(b"\x1b" not in bench.run(["rules"], env={"TERM": "xterm"}).stdout, "colours in a pipe")


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


def test_pin_is_complete(bench):
    """What was pinned needs no pin, says the same, and checks the same."""
    def values(path):
        answer = json.loads(bench.run(["resolve", "--json", path] + H39 + V).stdout)
        return [(v["device"], v["property"], v["value"]) for v in answer["values"]], \
            [v["property"] for v in answer["values"] if v["pin"]]

    before, wanted = values("wide.sh")
    expect(wanted, "nothing to pin")
    bench.run(["resolve", "--pin", "-o", "pinned.sh", "wide.sh"] + H39 + V)
    after, left = values("pinned.sh")
    expect(not left, f"not pinned: {left}")
    expect(before == after, f"{set(before) ^ set(after)}")
    first, second = (bench.run(["check", f] + H39 + V).stdout.splitlines()[0] for f in ("wide.sh", "pinned.sh"))
    expect(first == second, f"{first!r} {second!r}")


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
                     test_output_file, test_map_file, test_no_cure_writes_nothing, test_capture, test_profile, test_process,
                     test_no_colour_in_pipe, test_man, test_pin_is_complete, test_schemas_are_schemas):
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
