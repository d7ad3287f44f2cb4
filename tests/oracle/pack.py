#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keep of recorded cells what the test needs: pack.py IN.jsonl OUT.jsonl.xz [SET,SET...]"""
import json
import lzma
import sys

KEYS = ("host", "qemu", "mode", "argv", "device_add", "outcome", "plug", "messages", "memlock", "uid", "bars")


def main():
    source, target = sys.argv[1:3]
    sets = set(sys.argv[3].split(",")) if len(sys.argv) > 3 else None
    rows = []
    with open(source, encoding="utf-8") as cells:
        for line in cells:
            cell = json.loads(line)
            name = cell["tags"].get("set")
            if sets and name not in sets:
                continue
            row = {key: cell[key] for key in KEYS if key in cell}
            row["set"] = name
            if cell["mode"] == "hotplug":  # the outcome is the start's; a plug was reached if it was answered
                if cell.get("qmp"):
                    row["outcome"] = "starts"
                elif cell["exit"] >= 0:
                    row["plug"] = "not-reached"
            rows.append(json.dumps(row, separators=(",", ":")))
    with lzma.open(target, "wt", encoding="utf-8", preset=9) as out:
        out.write("\n".join(rows) + "\n")
    print(f"{len(rows)} cells")


main()
