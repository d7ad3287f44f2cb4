# SPDX-License-Identifier: LGPL-2.1-or-later
"""A slice of the lab for CI: one Intel host, about 20 cells, probe and rehearse.

On Debian 12's stock kernel with the legacy backend, with nothing but the installed QEMU, outside and inside. The same with
iommufd where a kernel with IOMMUFD and a QEMU that knows it are in the cache.
"""
import tempfile
import time

import compare
import jobs
import kernels
import needs
import qemus
import ranges
import rehearse
from paths import only_one

BUDGET = 480  # seconds for all; the part with iommufd is begun in the first half of them
Q35 = ["-machine", "q35", "-accel", "tcg", "-m", "64M"]
PORT = ["-device", "pcie-root-port,id=rp0,chassis=1"]


def device(bdf="0000:00:05.0", number=0, backend="legacy"):
    more = ",iommufd=iommufd0" if backend == "iommufd" else ""
    return ["-device", f"vfio-pci,host={bdf},id=dev{number}{more}"]


def dimm(address):
    return ["-machine", "q35", "-accel", "tcg", "-cpu", "max,phys-bits=46", "-m", "64M,slots=2,maxmem=2T",
            "-object", "memory-backend-ram,id=pm,size=128M", "-device", f"pc-dimm,memdev=pm,addr={address:#x},id=dimm0"]


def cells(backend, old):
    """Starts and failures of each kind. old: QEMU 7.2, which has other properties and no check of widths."""
    start = Q35 + (["-object", "iommufd,id=iommufd0"] if backend == "iommufd" else [])
    dev = device(backend=backend)
    plug = {"driver": "vfio-pci", "host": "0000:00:05.0", "id": "dev0", "bus": "rp0"}
    if backend == "iommufd":
        plug["iommufd"] = "iommufd0"
    scalable = "x-scalable-mode=on" if old else "scalable-mode=on"
    viommus = ("intel-iommu", "intel-iommu,caching-mode=on", "intel-iommu,caching-mode=on,aw-bits=39",
               "intel-iommu,caching-mode=on,aw-bits=48", "intel-iommu,aw-bits=40", "intel-iommu,intremap=off,eim=on",
               "intel-iommu,caching-mode=on,device-iotlb=on", f"intel-iommu,caching-mode=on,{scalable}", "virtio-iommu-pci", "amd-iommu",
               "virtio-iommu-pci,aw-bits=39")
    rows = [start + dev, *(start + ["-device", v] + dev for v in viommus),
            start + dev + ["-device", "intel-iommu,caching-mode=on,aw-bits=39"],
            start + dev + device("0000:00:06.0", 1, backend),
            start + dev + device(number=1, backend=backend),
            start + device("0000:02:01.0", backend=backend), start + device("0000:00:1f.2", backend=backend),
            start + device("0000:00:1e.0", backend=backend),
            dimm(0x10000000000) + start[6:] + dev]
    found = [{"argv": argv} for argv in rows]
    for viommu in ([], ["-device", "intel-iommu,caching-mode=on,aw-bits=39"]):
        found.append({"argv": start + PORT + viommu, "mode": "hotplug", "add": plug})
    return found


class Count:
    """Passed and failed."""

    def __init__(self):
        self.passed = self.failed = 0

    def note(self, good, what):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print(f"FAILED: {what}", flush=True)


def judge(count, results, folder, tool):
    """Each outcome and all messages, as iommufit check says them of the capture."""
    judged = compare.Judge(tool, [folder])
    for result in results:
        miss = judged.judge(result)
        words = " ".join(compare.own_words(result))
        count.note(not miss, f"{result['host']} {result['mode']}: {words}\n  real: {miss and miss['real']}\n  said: {miss and miss['said']}")


def one_host(count, name, inner, backend, tool):
    begin = time.monotonic()
    host = jobs.Host(name)
    found = []
    todo = cells(backend, inner == "system")
    with tempfile.TemporaryDirectory() as folder:
        if not jobs.capture(host, tool, folder):
            count.note(False, f"{name}: no capture")
            return
        measured = ranges.rows(name, folder, tool)
        for row in measured:
            count.note(not row.wrong, f"{name} {row.bdf}: {'; '.join(row.wrong)}")
        count.note(any(list(row.domains()) for row in measured), f"{name}: probe measured nothing")
        lost = jobs.run_cells(host, todo, inner, found.append)
        count.note(not lost and len(found) == len(todo), f"{name}: {len(todo)} cells, {len(found)} results")
        judge(count, found, folder, tool)
    rehearsed = rehearse.compare(host, found, tool)
    count.passed += rehearsed["outcome"]
    count.failed += rehearsed["asked"] - rehearsed["outcome"]
    starts = sum(1 for result in found if result["outcome"] != "fails")
    print(f"{name}, {backend}: {len(measured)} devices probed, {len(found)} cells ({starts} start), "
          f"{rehearsed['asked']} rehearsed, {time.monotonic() - begin:.0f} s", flush=True)


def run(options):
    """The whole slice. Gives the exit status; the last line is what .ci/run adds up."""
    count, begin = Count(), time.monotonic()
    tool = jobs.tool_path("x86", options.iommufit)
    needs.check(needs.FETCH, needs.STOCK)
    with only_one("build"):
        qemus.fetch_busybox()
        kernels.build("stock-6.1")
    qemus.use_installed()
    one_host(count, "intel39-pb46@stock-6.1", "system", "legacy", tool)
    missing = [] if kernels.find("newest") else ["the newest kernel"]
    missing += [] if qemus.is_there("10.0") else ["QEMU 10.0"]
    spent = time.monotonic() - begin
    if missing:
        print(f"iommufd slice: skipped, {' and '.join(missing)} not in the cache (lab/nested/lab build)")
    elif spent > BUDGET / 2:
        print(f"iommufd slice: skipped, this machine is too busy ({spent:.0f} of {BUDGET} s are over)")
    else:
        one_host(count, "intel39-pb46", "10.0", "iommufd", tool)
    print(f"{count.passed} passed, {count.failed} failed")
    return 0 if count.passed and not count.failed else 1
