#!/usr/bin/env python3
"""boot.py [-j N] [-t SECONDS] -o FILE < configs: boot each config of draw.py and append what its firmware did to FILE.

No guest OS: the firmware places BARs, finds nothing to boot and waits. Can be stopped and run again; what is in FILE
already is not booted again. The fields of a line are described in tests/data/firmware/README.md.
"""
import argparse
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.environ.get("IOMMUFIT_LAB") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "iommufit-lab")
SUITE_OF_QEMU = {"7.2": "bookworm", "10.0": "trixie", "11.1": "sid"}
SUITE_OF_FIRMWARE = {"seabios=1.16.2": "bookworm", "seabios=1.16.3": "trixie", "seabios=1.17.0": "sid",
                     "ovmf=202211": "bookworm", "ovmf=202502": "trixie", "ovmf=202608": "sid"}
VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"
SYSTEM = "system"           # the installed QEMU and firmware
POLL = 0.1                  # seconds
# How many seconds nothing may have changed, by what there is to see (placed()).
STEADY = {"all": 1.5, "some": 5, "none": 8}
IDLE_POLLS = 30             # so often must the CPU have been seen halted then, if nothing has an address
GIVE_UP = {"seabios": 20, "ovmf": 150}    # seconds, then what there is gets recorded as "timeout"

# SeaBIOS says on its debug port how far it is: PCI, then option ROMs (some of them move BARs for a moment), then the
# e820 map, then it boots. 1.16.2 with QEMU 10 and 11's q35 waits long for its DVD drive before the map.
SEABIOS_ROMS = b"Scan for VGA option rom"
SEABIOS_DONE = re.compile(rb"e820 map has \d+ items")
SEABIOS_SILENT = 4          # seconds
SEABIOS_PANIC = re.compile(rb"PCI: out of (I/O )?address space|panic")


class Ended(Exception):
    """QEMU is gone."""


class Qemu:
    """A running QEMU, spoken to through QMP on its standard input and output."""

    def __init__(self, suite, args, limit):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([os.path.join(HERE, "qemu.sh"), suite, *args, "-qmp", "stdio"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.watchdog = threading.Timer(limit, self.process.kill)
        self.watchdog.start()

    def ask(self, command, **arguments):
        try:
            self.process.stdin.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Ended from None
        for line in self.process.stdout:
            answer = json.loads(line)
            if "return" in answer or "error" in answer:
                return answer.get("return")
        raise Ended

    def human(self, command):
        return self.ask("human-monitor-command", **{"command-line": command})

    def end(self, wait=0):
        """The exit status (None if it had to be killed) and what it said on standard error."""
        try:
            status = self.process.wait(wait)
        except subprocess.TimeoutExpired:
            status = None
            self.process.kill()
        self.watchdog.cancel()
        self.process.communicate()
        self.errors.seek(0)
        return status, self.errors.read().decode(errors="replace")


@functools.cache
def version(suite):
    command = [os.path.join(HERE, "qemu.sh"), suite, "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.search(r"version ([\d.]+)", said)[1]


# from the config to a command line on this machine

def firmware_folder(suite, name):
    return f"/usr/share/{name}" if suite == SYSTEM else f"{LAB}/{suite}/usr/share/{name}"


def sparse(argv):
    """The main RAM without reservation: the guest sees no difference, and 2 TiB need no memory here."""
    size = argv[argv.index("-m") + 1].split(",")[0]
    return ["-object", f"memory-backend-ram,id=pc.ram,size={size},reserve=off", "-machine", "memory-backend=pc.ram"]


def local_argv(config, suite, scratch):
    """The command line for this machine, with firmware from SUITE and OVMF's variables copied to SCRATCH."""
    ovmf, seabios = firmware_folder(suite, "OVMF"), firmware_folder(suite, "seabios")
    argv = [a.replace("/usr/share/OVMF/OVMF_CODE", f"{ovmf}/OVMF_CODE")
            .replace(VARIABLES, f"{scratch}/vars.fd")
            .replace("/usr/share/seabios/", f"{seabios}/") for a in config["argv"][1:]]
    argv += sparse(argv)
    if config["firmware"].startswith("ovmf"):
        shutil.copyfile(f"{ovmf}/OVMF_VARS_4M.fd", f"{scratch}/vars.fd")
        return argv
    if "-bios" not in argv:
        argv += ["-bios", f"{seabios}/bios-256k.bin"]
    return argv + ["-debugcon", f"file:{scratch}/debug", "-global", "isa-debugcon.iobase=0x402"]


def portable(text, suite, scratch):
    """QEMU's words without this machine's paths, and without what TCG says about features (there are dozens)."""
    text = text.replace(f"{LAB}/{suite}/usr/share", "/usr/share").replace(f"{scratch}/vars.fd", VARIABLES)
    return "".join(line for line in text.splitlines(True) if "TCG doesn't support requested feature" not in line)


# waiting until the firmware is done

def debug_text(scratch):
    try:
        with open(scratch + "/debug", "rb") as log:
            return log.read()
    except FileNotFoundError:
        return b""


def wait_seabios(qemu, scratch):
    before, since = b"", time.monotonic()
    deadline = since + GIVE_UP["seabios"]
    while time.monotonic() < deadline:
        qemu.ask("query-status")
        text = debug_text(scratch)
        if text != before:
            before, since = text, time.monotonic()
        if SEABIOS_PANIC.search(text):
            return "panic"
        if SEABIOS_DONE.search(text) or SEABIOS_ROMS in text and time.monotonic() - since > SEABIOS_SILENT:
            return "done"
        time.sleep(0.05)
    return "timeout"


def placed(buses):
    """How many memory BARs have addresses: all, some, none. (Option ROMs, BAR 6, never stay mapped.)"""
    bars = [r["address"] for _, d in flat(buses) for r in d["regions"] if r["type"] == "memory" and r["bar"] != 6]
    mapped = [a for a in bars if a > 0]
    return "none" if not mapped else "all" if len(mapped) == len(bars) else "some"


def wait_ovmf(qemu, _):
    """A release build says nothing. It is done when BARs have addresses and nothing changes any more.

    If resources do not suffice it can also give all of them up: then nothing has an address, and the CPU halts
    (which it does where the boot manager or the shell waits for a key; before PCI it is always at work)."""
    before, halts, since = None, 0, time.monotonic()
    deadline = since + GIVE_UP["ovmf"]
    while time.monotonic() < deadline:
        now = qemu.ask("query-pci")
        if now != before:
            before, halts, since = now, 0, time.monotonic()
        halts += "HLT=1" in qemu.human("info registers")
        have = placed(now)
        if time.monotonic() - since > STEADY[have] and (have != "none" or halts > IDLE_POLLS):
            return "done" if have != "none" else "unplaced"
        time.sleep(POLL)
    return "timeout"


# what it did

def address(value):
    """QEMU says -1 of a BAR whose decoder is off."""
    return None if value < 0 else value


def region(r):
    found = {"bar": r["bar"], "type": r["type"], "address": address(r["address"]), "size": r["size"]}
    if r["type"] == "memory":
        found.update(prefetch=r["prefetch"], mem64=r["mem_type_64"])
    return found


def bridge(b):
    ranges = {name: [b[name]["base"], b[name]["limit"]] for name in ("io_range", "memory_range", "prefetchable_range")}
    return {"secondary": b["secondary"], "subordinate": b["subordinate"], **ranges}


def device(bus, d):
    found = {"bus": bus, "slot": d["slot"], "function": d["function"], "qdev_id": d["qdev_id"],
             "class": d["class_info"]["class"], "vendor": d["id"]["vendor"], "device": d["id"]["device"],
             "regions": [region(r) for r in d["regions"]]}
    if "pci_bridge" in d:
        found["bridge"] = bridge(d["pci_bridge"]["bus"])
    return found


def walk(bus, devices):
    for d in devices:
        yield bus, d
        if "pci_bridge" in d:
            yield from walk(d["pci_bridge"]["bus"]["secondary"], d["pci_bridge"].get("devices", []))


def flat(buses):
    """(bus number, device) of every device, depth first."""
    return [pair for b in buses for pair in walk(b["bus"], b["devices"])]


def ram_blocks(text):
    """[first, last, name] of what is RAM or ROM in the flat view of system memory; neighbours of one name are one."""
    blocks = []
    for view in re.split(r"^FlatView #", text, flags=re.M):
        if 'AS "memory"' not in view:
            continue
        for first, last, kind, name in re.findall(r"^\s+(\w{16})-(\w{16}) \(prio -?\d+, ([\w/]+)\): (\S+)", view, re.M):
            if kind not in ("ram", "rom", "nv-ram"):
                continue
            first, last = int(first, 16), int(last, 16)
            if blocks and blocks[-1][2] == name and blocks[-1][1] + 1 == first:
                blocks[-1][1] = last
            else:
                blocks.append([first, last, name])
    return blocks


def hole(qemu, which):
    for path in ("/machine/q35", "/machine/i440fx"):
        ends = [qemu.ask("qom-get", path=path, property=f"{which}-{end}") for end in ("start", "end")]
        if ends[0] is not None:
            return ends
    return None


def observed(qemu):
    qemu.ask("stop")
    return {"ram": ram_blocks(qemu.human("info mtree -f")), "hole": hole(qemu, "pci-hole"),
            "hole64": hole(qemu, "pci-hole64"), "pci": [device(*pair) for pair in flat(qemu.ask("query-pci"))]}


def suites(config):
    """Where QEMU and where the firmware comes from."""
    if config.get("system"):
        return SYSTEM, SYSTEM
    return SUITE_OF_QEMU[config["qemu"]], SUITE_OF_FIRMWARE[config["firmware"]]


def watch(qemu, record, scratch):
    """Fills in what happens, until the firmware is done."""
    if not qemu.process.stdout.readline():  # QMP's greeting
        raise Ended
    qemu.ask("qmp_capabilities")
    record["boot"] = "timeout"  # should it end before it answers
    wait = wait_seabios if record["firmware"].startswith("seabios") else wait_ovmf
    record["boot"] = wait(qemu, scratch)
    record.update(observed(qemu))


def boot(config):
    """The record of one config."""
    qemu_suite, suite = suites(config)
    record = {**config, "qemu": version(qemu_suite), "boot": "refused", "exit": None}
    record.pop("system", None)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="iommufit-fw-") as scratch:
        qemu = Qemu(qemu_suite, local_argv(config, suite, scratch), GIVE_UP[config["firmware"].split("=")[0]] + 30)
        try:
            watch(qemu, record, scratch)
            _, stderr = qemu.end()
        except Ended:
            record["exit"], stderr = qemu.end(5)
        record["stderr"] = portable(stderr, suite, scratch)
    record["seconds"] = round(time.monotonic() - started, 1)
    return record


def key(record):
    """What makes it the same config. The command line too, lest draw.py has changed since."""
    return record["seed"], record["index"], record["firmware"], tuple(record["argv"])


def recorded(path):
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8") as lines:
        return {key(json.loads(line)) for line in lines}


def record_all(configs, path, jobs, seconds):
    """Boots JOBS at a time until configs or seconds run out; the number of lines written."""
    deadline, lock, written = time.monotonic() + seconds, threading.Lock(), 0

    def one(config):
        nonlocal written
        if time.monotonic() > deadline:
            return
        line = json.dumps(boot(config), separators=(",", ":")) + "\n"
        with lock, open(path, "a", encoding="utf-8") as out:
            out.write(line)
            written += 1

    done = recorded(path)
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, (c for c in configs if key(c) not in done)))
    return written


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("-t", "--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    os.nice(5)
    written = record_all(map(json.loads, sys.stdin), options.output, options.jobs, options.seconds)
    print(f"{written} configs booted", file=sys.stderr)


if __name__ == "__main__":
    main()
