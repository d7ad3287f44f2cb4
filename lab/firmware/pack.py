#!/usr/bin/env python3
"""pack.py RECORDED OUTPUT.xz < configs: the recorded lines of these configs, each once, by firmware, seed and index."""
import json
import lzma
import sys

from boot import key


def main():
    recorded, output = sys.argv[1:]
    wanted = {key(json.loads(line)) for line in sys.stdin}
    found = {}
    with open(recorded, encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            record.pop("seconds")   # differs from run to run
            if key(record) in wanted:
                found[record["firmware"], record["seed"], record["index"]] = record
    with lzma.open(output, "wt", preset=9 | lzma.PRESET_EXTREME) as out:
        for _, record in sorted(found.items()):
            out.write(json.dumps(record, separators=(",", ":")) + "\n")
    print(f"{output}: {len(found)} of {len(wanted)} configs")


if __name__ == "__main__":
    main()
