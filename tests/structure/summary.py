#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The summary of scripts/check.py counts right, whatever an executable prints and however it ends."""
import importlib.util
import sys

GROUP = "[==========] Running 2 test(s).\n[       OK ] a\n"
ROWS = [
    # name, result, standard output, standard error, (passed, failed)
    ("one group", "OK", GROUP + "[  PASSED  ] 2 test(s).\n", "", (2, 0)),
    ("two groups", "OK", "[  PASSED  ] 2 test(s).\n[  PASSED  ] 5 test(s).\n", "", (7, 0)),
    ("summary on standard error", "OK", GROUP, "[  PASSED  ] 2 test(s).\n", (2, 0)),
    ("one fails", "FAIL", GROUP, "[  PASSED  ] 1 test(s).\n[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] b\n", (1, 1)),
    ("all fail", "FAIL", "", "[  PASSED  ] 0 test(s).\n[  FAILED  ] 2 test(s), listed below:\n", (0, 2)),
    ("crash after some", "FAIL", GROUP, "", (1, 1)),
    ("crash at once", "FAIL", "", "", (0, 1)),
    ("crash after all passed", "FAIL", "[  PASSED  ] 2 test(s).\n", "", (2, 1)),
    ("hangs", "TIMEOUT", GROUP, "", (1, 1)),
    ("own summary", "OK", "cells …\n9400 passed, 0 failed\n", "", (9400, 0)),
    ("own summary with failures", "FAIL", "3 passed, 4 failed\n", "", (3, 4)),
    ("own summary in a sentence does not count", "OK", "I say 9 passed, 0 failed today\n", "", (1, 0)),
    ("silent", "OK", "", "", (1, 0)),
    ("skipped", "SKIP", "", "", (0, 0)),
]


def main():
    spec = importlib.util.spec_from_file_location("check", sys.argv[1])
    check = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(check)
    failed = 0
    for name, result, stdout, stderr, expected in ROWS:
        got = check.count({"result": result, "stdout": stdout, "stderr": stderr})
        if got != expected:
            failed += 1
            print(f"[  FAILED  ] {name}: {got}, expected {expected}")
    print(f"{len(ROWS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
