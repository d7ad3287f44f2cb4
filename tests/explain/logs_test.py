#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""iommufit explain with whole logs: QEMU's own messages, logs where nothing is wrong, hostile ones."""
import argparse
import glob
import gzip
import json
import lzma
import os
import pathlib
import resource
import subprocess
import sys
import threading

import unrelated

MIB = 1 << 20
SEEDS = range(4)
MANUALS = 300
# On this machine, if they are there: whatever they hold, it is no message about IOMMUs.
FILES = ["/var/log/dpkg.log", "/var/log/bootstrap.log", "/var/log/apt/term.log"]
WIDE = ("qemu-system-x86_64 -nodefaults -machine pc-q35-11.1,kernel-irqchip=split -accel kvm -m 4G "
        "-device intel-iommu,caching-mode=on,aw-bits={bits} -device vfio-pci,host=0000:00:05.0\n")
NARROW = "kvm: vfio 0000:00:05.0: Failed to set vIOMMU: aw-bits {bits} > host aw-bits {host}\n"


class Failure(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Bench:
    def __init__(self, iommufit, source):
        self.iommufit, self.source = iommufit, source

    def explain(self, log, *options):
        data = log.encode() if isinstance(log, str) else log
        result = subprocess.run([self.iommufit, "explain", *options], input=data, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, timeout=240, check=False)
        expect(result.returncode in (0, 1), f"status {result.returncode}: {result.stderr.decode()}")
        return result

    def messages(self, log, *options):
        result = self.explain(log, "--json", *options)
        messages = json.loads(result.stdout)["messages"]
        expect(result.returncode == (0 if messages else 1), f"status {result.returncode}")
        return messages

    def nothing_in(self, log, name):
        found = self.messages(log)
        expect(not found, f"{name}: " + "; ".join(f"line {m['line']}: {m['text']}" for m in found[:5]))


def test_oracle(bench):
    """All that QEMU has ever said in the lab."""
    texts = {}
    for path in sorted(bench.source.glob("tests/data/oracle/*.xz")):
        for line in lzma.open(path, "rt"):
            texts.update(dict.fromkeys(json.loads(line)["messages"]))
    expect(len(texts) > 300, f"only {len(texts)} messages")
    unknown = []
    for text in texts:
        if "value ' " in text or text.endswith(" '"):
            continue  # a log's wrapping may have eaten white space at the edge of a value
        log = "".join(f"qemu-system-x86_64: {part}\n" for part in text.split("\n"))
        if not bench.messages(log):
            unknown.append(text)
    expect(not unknown, f"{len(unknown)} of {len(texts)} are not known: {unknown[:5]}")


def test_unrelated(bench):
    for seed in SEEDS:
        bench.nothing_in(unrelated.log(seed, MIB), f"seed {seed}")


def test_files(bench):
    for path in FILES:
        if os.path.isfile(path) and os.access(path, os.R_OK):
            bench.nothing_in(pathlib.Path(path).read_bytes(), path)


def test_manuals(bench):
    """Prose, but for pages that are about this very subject."""
    for path in sorted(glob.glob("/usr/share/man/man[1-8]/*.gz"))[:MANUALS]:
        if any(word in path for word in ("qemu", "iommufit", "virsh", "libvirt")):
            continue
        with gzip.open(path) as page:
            bench.nothing_in(page.read(), path)


def test_one_among_many(bench):
    for seed in SEEDS:
        head, tail = unrelated.log(seed, MIB), unrelated.log(seed + 100, MIB)
        found = bench.messages(head + b"\n" + NARROW.format(bits=57, host=39 + seed).encode() + tail)
        expect(len(found) == 1, f"{len(found)} found")
        expect(found[0]["operands"] == ["0000:00:05.0", "57", str(39 + seed)], found[0]["operands"])
        expect(found[0]["line"] == head.count(b"\n") + 2, f"line {found[0]['line']}")


def test_exact_fix(bench):
    """With a VM and a host the fix is the one that check has."""
    vm = "/dev/stdin"
    host = str(bench.source / "tests/data/captures/intel39-pb46.tar.xz")
    for bits, log_bits, is_predicted in ((48, 48, True), (39, 48, False), (48, 57, False)):
        words = NARROW.format(bits=log_bits, host=39).split()
        result = subprocess.run([bench.iommufit, "explain", "--json", "--vm", vm, "--host", host, "--vmm", "qemu=11.1.3",
                                 *words[1:]], input=WIDE.format(bits=bits), text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, timeout=60, check=False)
        expect(result.returncode == 0, f"status {result.returncode}: {result.stderr}")
        message = json.loads(result.stdout)["messages"][0]
        expect(bool(message["findings"]) == is_predicted, f"findings {message['findings']}")
        if is_predicted:
            finding = message["findings"][0]
            expect(finding["rule"] == "width.viommu-exceeds-host", finding["rule"])
            edit = finding["fixes"][0]["edits"][0]
            expect((edit["target"], edit["to"]) == ("intel-iommu.aw-bits", 39), edit)


def peak(bench, pieces):
    """KiB that it takes for a log of these pieces, and what it says."""
    with subprocess.Popen([bench.iommufit, "explain"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        said = []
        reader = threading.Thread(target=lambda: said.append(process.stdout.read()))
        reader.start()
        for piece in pieces:
            process.stdin.write(piece)
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        reader.join()
    return usage.ru_maxrss, said[0].decode()


def test_long_line(bench):
    """One line of 64 MiB takes what one of 1 MiB takes; others of 8 MiB, too."""
    for n, piece in ((64, b"x" * MIB), (8, b"vfio " * (MIB // 5)), (8, b"aw-bits 48 > host " * (MIB // 18)),
                     (8, b"\\" * MIB), (8, b"\0" * MIB), (8, b"\x1b]" * (MIB // 2))):
        end = b"\nkvm: vfio 0000:00:05.0: Failed to set vIOMMU: aw-bits 48 > host aw-bits 39\n"
        small, _ = peak(bench, [piece, end])
        large, said = peak(bench, [piece] * n + [end])
        expect(large < small + 8192, f"{piece[:8]}: {small} KiB for 1 MiB, {large} KiB for {n} MiB")
        expect("aw-bits 48 > host" in said, f"{piece[:8]}: not found")


def test_nothing_odd(bench):
    """Names in a log can hold anything; a terminal must not act on it."""
    for odd in (b"\x1b[2J", b"\x1b]0;title\x07", b"\x07\x08\x7f", b"\xff\xfe\xc3(", b"\xc2\x9b31m", b"\0\r\v", b"\xe2\x80\xae"):
        log = b"kvm: Property 'intel-iommu." + odd + b"aw' not found\nkvm: vfio " + odd + \
              b"0000:00:05.0: Failed to set vIOMMU: aw-bits 48 > host aw-bits 39" + odd + b"\n"
        for options in ([], ["--json"]):
            out = bench.explain(log, *options).stdout
            text = out.decode()  # it is UTF-8
            bad = [c for c in text if (c < " " and c != "\n") or "\x7f" <= c <= "\x9f" or c == "\u202e"]
            expect(not bad, f"{odd!r} gives {bad!r}")
            expect(b"aw-bits 48 > host" in out, f"{odd!r}: not found")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iommufit", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bench = Bench(options.iommufit.resolve(), options.source.resolve())
    failed = 0
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    for name, test in tests:
        try:
            test(bench)
            print(f"[       OK ] {name}")
        except Failure as failure:
            failed += 1
            print(f"[  FAILED  ] {name}: {failure}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
