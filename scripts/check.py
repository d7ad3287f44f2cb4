#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run the tests of a build folder and sum up all test cases: the last line is "N passed, N failed"."""
import json
import os
import re
import subprocess
import sys

CASES = re.compile(r"^\[  (PASSED|FAILED)  \] (\d+) test\(s\)", re.M)  # cmocka, one of each per group
OK = re.compile(r"^\[       OK \] ", re.M)
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)
BAD = {"FAIL", "TIMEOUT", "ERROR", "INTERRUPT", "UNEXPECTEDPASS"}


def count(test):
    """Passed and failed cases of one executable. Its status has the last word: a crash is a failure."""
    output = test.get("stdout", "") + "\n" + test.get("stderr", "")
    passed = failed = 0
    summary = SUMMARY.findall(output)
    if summary:
        passed, failed = (int(n) for n in summary[-1])
    else:
        for kind, n in CASES.findall(output):
            if kind == "PASSED":
                passed += int(n)
            else:
                failed += int(n)
        passed = max(passed, len(OK.findall(output)))
    if test["result"] in BAD and not failed:
        failed = 1
    if test["result"] in ("OK", "EXPECTEDFAIL") and not passed and not failed:
        passed = 1
    return passed, failed


def names_of_failures(test):
    output = test.get("stdout", "") + "\n" + test.get("stderr", "")
    return sorted(set(re.findall(r"^\[  FAILED  \] (?!\d+ test)(.+)$", output, re.M)))


def main():
    build = sys.argv[1]
    log = os.path.join(build, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    status = subprocess.run(["meson", "test", "-C", build, "--quiet", "--no-rebuild", "--print-errorlogs"]
                            + sys.argv[2:], stdout=subprocess.DEVNULL).returncode
    tests = []
    if os.path.exists(log):
        with open(log, encoding="utf-8") as file:
            tests = [json.loads(line) for line in file if line.strip()]
    passed = failed = 0
    for test in tests:
        good, bad = count(test)
        passed += good
        failed += bad
        name = test["name"].split(" / ")[-1]
        skipped = "  (skipped)" if test["result"] == "SKIP" else ""
        print(f"{name:32} {good:7} passed {bad:4} failed  {test['duration']:6.1f} s{skipped}")
        for case in names_of_failures(test):
            print(f"    failed: {case}")
        if bad:
            output = (test.get("stdout", "") + test.get("stderr", "")).splitlines()
            print("\n".join("    | " + line for line in output[-40:]))
    if status and not failed:
        print("meson test failed without saying which test", file=sys.stderr)
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
