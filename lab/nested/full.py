# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole of the lab, one step after the other. What is there already is not done again, so that it may be stopped."""
import glob
import os
import random
import subprocess
import sys

import jobs
from paths import HERE, read, say


def step(words, output=None, made=None):
    """Runs a program of the lab; its status. made: a file that stands for the step being done."""
    if made and os.path.exists(made):
        say(f"{os.path.basename(made)} is there")
        return 0
    say(" ".join(words))
    program = [os.path.join(HERE, words[0]), *words[1:]]
    if not output:
        status = subprocess.run(program, check=False).returncode
    else:
        with open(output + ".new", "w", encoding="utf-8") as file:
            status = subprocess.run(program, stdout=file, check=False).returncode
        os.replace(output + ".new", output)
        print(read(output)[-3000:], end="", flush=True)
    return status


def hosts_of(cells):
    return sorted({cell["host"] for cell in jobs.load_cells([cells])})


def run(options):
    """Ranges, then drawn cells: run, compared, minimised, rehearsed, repaired. Gives how many steps did not agree."""
    jobs.tool_path("x86", options.iommufit)  # said now, not after the kernels are built
    folder = os.path.abspath(options.output)
    os.makedirs(folder, exist_ok=True)
    at = {name: os.path.join(folder, name) for name in ("ranges.txt", "cells.jsonl", "results.jsonl", "compared.txt", "misses.jsonl",
                                                         "rehearsed.txt", "repaired.txt", "minimised.txt", "captures")}
    seed = str(options.seed if options.seed is not None else random.randrange(1 << 31))
    tool = ["--iommufit", options.iommufit] if options.iommufit else []
    jobs_words = ["-j", str(options.jobs)]
    failed = []
    if step(["lab", "build"]):
        return 1

    def must(words, name=None, made=None):
        if step(words, at[name] if name else None, made):
            failed.append(words[0] if words[0] != "lab" else " ".join(words[:2]))

    must(["lab", "ranges", *tool, *jobs_words, "-o", os.path.join(folder, "measured")], "ranges.txt", at["ranges.txt"])
    must(["draw.py", seed, str(options.cells)], "cells.jsonl", at["cells.jsonl"])
    missing = [name for name in hosts_of(at["cells.jsonl"]) if not glob.glob(os.path.join(at["captures"], glob.escape(name) + ".tar.xz"))]
    if missing:
        must(["lab", "capture", *tool, *jobs_words, "-o", at["captures"], *missing])
    must(["lab", "run", "each", at["cells.jsonl"], *jobs_words, "-o", at["results.jsonl"]], made=at["results.jsonl"])
    judged = [at["results.jsonl"], "--captures", at["captures"], *tool]
    must(["compare.py", *judged, "--misses", at["misses.jsonl"]], "compared.txt")
    must(["lab", "rehearse", at["results.jsonl"], *tool], "rehearsed.txt")
    must(["repair.py", *judged], "repaired.txt")
    if read(at["misses.jsonl"]).strip():
        must(["minimise.py", at["misses.jsonl"], "--captures", at["captures"], *tool], "minimised.txt")
    say("not as wanted: " + ", ".join(failed) if failed else f"all as wanted; results are in {folder}")
    return len(failed)


if __name__ == "__main__":
    sys.exit("full.py: run lab/nested/lab full")
