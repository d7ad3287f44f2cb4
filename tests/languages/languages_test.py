#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recorded command lines that fail, written in other languages and repaired there.

For each failing cell of the oracle that a language can express: if check shows a tried fix of the config, fix must make
a config that checks clean, and no hunk of its diff may be without need: with it taken back, more is found.
"""
import argparse
import collections
import concurrent.futures
import difflib
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import render

CLEAN = (0, 1)


class Bench:
    def __init__(self, options, folder):
        self.tool, self.data, self.folder = options.iommufit, options.data, pathlib.Path(folder)

    def run(self, command, host, qemu, path, *more):
        words = [self.tool, command, "--host", self.data / "captures" / (host + ".tar.xz"), "--vmm", "qemu=" + qemu, path, *more]
        return subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)

    def check(self, cell, text, name):
        path = self.folder / name
        path.write_text(text, newline="")
        result = self.run("check", cell["host"], cell["qemu"], path, "--json")
        return result.returncode, json.loads(result.stdout)


def unique(cells):
    """One cell of each VM, host and version that can matter: the failing ones."""
    seen = set()
    for cell in cells:
        key = (tuple(cell["argv"]), cell["qemu"])
        if cell["outcome"] == "fails" and key not in seen and not cell.get("device_add"):
            seen.add(key)
            yield cell


def has_fix(answer):
    """Whether check shows a fix that was tried and that the config alone can hold, for the first error."""
    errors = [f for f in answer["findings"] if f["severity"] == "error"]
    fixes = errors[0]["fixes"] if errors else []
    return any(f["checked"] and not f["remaining"] and all(e["where"] == "vm" for e in f["edits"]) for f in fixes)


def found(answer):
    """What speaks against a config: a hunk that takes one of it away was needed."""
    return sorted(f["rule"] for f in answer.get("findings", []) if f["severity"] != "note")


def without_hunk(before, after, skip):
    """The repaired text with one hunk taken back; None when there is none of that number. What a line or two part is one
    hunk: a property that gets another name."""
    out, number, end = [], -1, -9
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            out += before[i:j]
            continue
        number += i - end > 2
        end = j
        out += before[i:j] if number == skip else after[k:m]
    return "".join(out) if skip <= number else None


def one(bench, language, number, cell):
    """Name of what came of it, and a story when it is a failure."""
    text = render.LANGUAGES[language](render.Vm(cell["argv"])) if render.Vm(cell["argv"]).is_plain else None
    if text is None:
        return "not expressible", None
    name = f"{language}-{number}" + (".xml" if language == "libvirt" else ".conf")
    status, answer = bench.check(cell, text, name)
    if status > 3:
        return "FAILED", f"check of {text}\n{answer}"
    if status != 2:
        return "does not fail there", None
    path = bench.folder / name
    fixed = bench.run("fix", cell["host"], cell["qemu"], path)
    if not has_fix(answer) and fixed.returncode in (2, 3):
        return "no cure", None
    if fixed.returncode != 0:
        return "FAILED", f"{cell['host']} {cell['qemu']}: check shows a fix, fix ends with {fixed.returncode}: {fixed.stderr}\n{text}"
    status, after = bench.check(cell, fixed.stdout, "fixed-" + name)
    if status not in CLEAN:
        return "FAILED", f"{cell['host']} {cell['qemu']}: the result is not clean ({status}):\n{fixed.stdout}\n{fixed.stderr}"
    old, new = text.splitlines(True), fixed.stdout.splitlines(True)
    for hunk in range(64):
        less = without_hunk(old, new, hunk)
        if less is None:
            break
        less_status, less_answer = bench.check(cell, less, "less-" + name)
        if less_status == status and found(less_answer) == found(after):
            return "FAILED", f"{cell['host']} {cell['qemu']}: hunk {hunk} is without need:\n" + \
                "".join(difflib.unified_diff(old, new))
    return "repaired", None


# What the schema of Debian 12's libvirt 9.0 does not have yet.
NEWER = re.compile(r"iommufd|dma_translation|xtsup|model='amd'|passthrough='|maxphysaddr [^>]*limit=")


def validate(schema, all_of_it, folder):
    """The repaired domains against libvirt's own schema: how many, and what it says of the bad ones."""
    paths = [p for p in sorted(folder.glob("fixed-libvirt-*.xml")) if all_of_it or not NEWER.search(p.read_text())]
    stories = []
    for start in range(0, len(paths), 200):
        result = subprocess.run(["xmllint", "--noout", "--relaxng", str(schema), *map(str, paths[start:start + 200])],
                                capture_output=True, text=True, check=False)
        stories += [line for line in result.stderr.splitlines() if line.endswith("fails to validate")]
    return len(paths), stories


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iommufit", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--stories", type=int, default=3)
    parser.add_argument("--every", type=int, default=1, help="take each n-th cell only")
    parser.add_argument("--schema", type=pathlib.Path, help="libvirt's domain.rng that has all attributes")
    parser.add_argument("--least", type=int, default=20, help="repaired configs of each language, at least")
    options = parser.parse_args()
    cells = []
    for name in ("lab", "train"):
        with lzma.open(options.data / "oracle" / (name + ".jsonl.xz"), "rt") as lines:
            cells += [json.loads(line) for line in lines]
    cells = list(unique(cells))[::options.every]
    failed = passed = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        bench = Bench(options, folder)
        for language in render.LANGUAGES:
            results = list(pool.map(lambda item: one(bench, language, *item), enumerate(cells)))
            counts = collections.Counter(kind for kind, _ in results)
            for story in [s for _, s in results if s][:options.stories]:
                print(story)
            ok = counts["repaired"] >= options.least
            print(f"{language}: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) +
                  ("" if ok else f": fewer than {options.least} repaired"))
            failed += counts["FAILED"] + (not ok)
            passed += counts["repaired"] + counts["no cure"]
        schema = options.schema or pathlib.Path("/usr/share/libvirt/schemas/domain.rng")
        if schema.exists() and shutil.which("xmllint"):
            n, bad = validate(schema, options.schema, bench.folder)
            print(f"{n} repaired domains against {schema}: {len(bad)} invalid", *bad[:3], sep="\n")
            failed += len(bad)
        else:
            print("skipped: libvirt's schema or xmllint is not installed")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
