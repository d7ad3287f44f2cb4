#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the README shows is what really happens: its ```console blocks are run and compared.

--update writes what happens into the README.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```console\n(.*?)^```\n", re.M | re.S)


def run_block(text, folder, env):
    """The block as it would look: each command with what it prints."""
    shown = []
    for command in re.findall(r"^\$ ((?:.*\\\n)*.*[^\\\n])\n", text, re.M):
        result = subprocess.run(["sh", "-c", command], cwd=folder, env=env, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        shown.append(f"$ {command}\n{result.stdout}")
    return "".join(shown)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iommufit", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    readme = options.source / "README.md"
    text = readme.read_text()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in ("tests", "examples"):
            pathlib.Path(folder, name).symlink_to((options.source / name).resolve())
        env = {"PATH": f"{options.iommufit.resolve().parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}

        def compare(match):
            nonlocal passed, failed
            actual = run_block(match[1], folder, env)
            name = f"README: {match[1].splitlines()[0]}"
            if actual == match[1] or options.update:
                passed += 1
                print(f"[       OK ] {name}")
            else:
                failed += 1
                print(f"[  FAILED  ] {name}\n{actual}")
            return f"```console\n{actual}```\n"

        updated = BLOCK.sub(compare, text)
    if options.update:
        readme.write_text(updated)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
