#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pure parts of the nested lab: flavours, its initramfs, what becomes of QEMU's words."""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROWS = (  # name, what its command line and the kernel's words hold, what they do not
    ("intel39-pb46", "intel-iommu,intremap=on,aw-bits=39 phys-bits=46 intel_iommu=on e1000,bus=br1", "sm_on iommu=pt"),
    ("intel48-noir-unsafe", "intremap=off aw-bits=48 iommufd.allow_unsafe_interrupts=1 phys-bits=40", "intremap=on"),
    ("intel:aw=39,pb=42,ir=off", "intremap=off,aw-bits=39 phys-bits=42", "intremap=on scalable-mode"),
    ("intel48-pt:pb=52", "intel_iommu=on iommu=pt phys-bits=52", "sm_on"),
    ("intel48-off", "intel_iommu=off", "intel_iommu=on"),
    ("intel48-dflt", "aw-bits=48", "intel_iommu"),
    ("intelsm39", "scalable-mode=on aw-bits=39 intel_iommu=on,sm_on", "fsts"),
    ("intelsm-fsts-no1g", "scalable-mode=on,fsts=on,fs1gp=off", "pasid"),
    ("intelsm-pasid", "pasid-bits=16,device-iotlb=on,snoop-control=on", "fsts"),
    ("amd-dr-pb48", "amd-iommu,intremap=on,xtsup=on,dma-remap=on EPYC,phys-bits=48", "intel"),
    ("virtio39-unsafe", "virtio-iommu-pci,addr=02.0,aw-bits=39 allow_unsafe", "br1"),
    ("virtio", "virtio-iommu-pci,addr=02.0", "aw-bits br1 unsafe"),
    ("none-nodev", "q35", "iommu e1000e"),
    ("virtio-dflt-unsafe", "virtio-iommu-pci,addr=02.0 allow_unsafe", "aw-bits"),
    ("arm-smmu", "virt,gic-version=3 iommu=smmuv3", "arm-smmuv3 br1 acpi=off"),
    ("arm-smmu-dev-s1", "arm-smmuv3,primary-bus=pcie.0,id=smmu0,stage=1", "iommu=smmuv3"),
    ("arm-smmu-dt-gicv2-s2", "gic-version=2 acpi=off arm-smmuv3,primary-bus=pcie.0,id=smmu0,stage=2", "iommu=smmuv3 unsafe"),
    ("arm-virtio39", "virtio-iommu-pci,addr=02.0,aw-bits=39", "smmu granule"),
    ("arm-virtio:aw=48,granule=64k", "virtio-iommu-pci,addr=02.0,aw-bits=48,granule=64k", "smmu"),
    ("arm-smmu-noits-pt", "gic-version=3,virtualization=on,its=off iommu.passthrough=1", "unsafe"),
)
REFUSED = ("", "pentium", "intel39-fast", "intel:aw", "intel:aw=4", "amd:aw=39", "intel39-fsts", "none-noir", "intel:pb=99", "arm-smmu-snoop", "arm-smmu-off",
           "intel:model=amd", "intel:ir=maybe")


def test_flavours():
    import flavours
    for name, present, absent in ROWS:
        flavour = flavours.parse(name)
        words = " ".join(flavours.arguments(flavour) + flavours.kernel_words(flavour))
        for part in present.split():
            assert part in words, f"{name}: no {part} in {words}"
        for part in absent.split():
            assert part not in words, f"{name}: {part} in {words}"


def test_refused_flavours():
    import flavours
    from paths import LabError
    for name in REFUSED:
        try:
            flavours.parse(name)
        except LabError as error:
            assert "\n" not in str(error)
            continue
        raise AssertionError(f"{name} is taken")


def test_old_names():
    import flavours
    words = " ".join(flavours.arguments(flavours.parse("intelsm-fsts"), old=True))
    assert "x-scalable-mode=on,x-flts=on" in words and ",scalable-mode" not in words


def test_every_device_is_there():
    """What a flavour says can be assigned is on its command line."""
    import flavours
    for name in ("intel48", "amd", "virtio39", "none", "arm-smmu"):
        flavour = flavours.parse(name)
        words = " ".join(flavours.device_arguments(flavour))
        for bdf in flavour.bdfs():
            bus, slot = int(bdf[5:7], 16), bdf[8:10]
            assert f"addr={slot}.0" in words if bus == 0 else "bus=rp1" in words if bus == 1 else "bus=br1" in words, (name, bdf)


def test_programs():
    """What `lab full` starts can be started."""
    for name in ("lab", "draw.py", "compare.py", "minimise.py", "repair.py"):
        done = subprocess.run([os.path.join(sys.path[0], name), "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        assert done.returncode == 0 and "usage:" in done.stdout, (name, done.stdout)


def test_hosts():
    import jobs
    from paths import LabError
    assert jobs.Host("intel39").name == "intel39"
    assert jobs.Host("intel39@6.12").name == "intel39@6.12"
    assert jobs.Host("intel39", "6.1").name == "intel39@6.1"
    assert jobs.Host("intel:aw=39,pb=42", "6.1").name == "intel:aw=39,pb=42@6.1"
    assert jobs.Host("arm-smmu").kernel_name == "arm64"
    try:
        jobs.Host("intel39@6.12", "6.1")
    except LabError:
        return
    raise AssertionError("two kernels are taken")


def test_initramfs():
    """cpio reads what we write."""
    import cpio
    if not shutil.which("cpio"):
        print("no cpio: skipped")
        return
    archive = cpio.Archive()
    archive.file("a/b/file", b"words\n", 0o755)
    archive.file("a/odd", b"12345")
    archive.link("link", "a/b/file")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cpio", "-i", "--quiet"], input=archive.bytes(), cwd=folder, check=True)
        with open(os.path.join(folder, "link"), "rb") as file:
            assert file.read() == b"words\n"
        assert os.stat(os.path.join(folder, "a/b/file")).st_mode & 0o777 == 0o755
        assert os.path.getsize(os.path.join(folder, "a/odd")) == 5


def test_answers():
    """What probe measured, as captures have it beside them."""
    import answers
    ranges = [["0x0", "0xfff"]]
    rows = (
        ({"domains": {}}, {"iommu_group_errno": 2, "iommu_group_error": "No such file or directory"}, {}),
        ({"group": 3, "domains": {"legacy": {"errno": 1, "error": "no", "call": "VFIO_SET_IOMMU"},
                                  "plain": {"errno": 1, "error": "no", "call": "VFIO_DEVICE_BIND_IOMMUFD"}}},
         {"group": "/dev/vfio/3", "set_iommu_errno": 1, "set_iommu_error": "no"}, {"bind_errno": 1, "bind_error": "no"}),
        ({"group": 3, "dma_available": 9, "domains": {"legacy": {"errno": 0, "ranges": ranges, "page_sizes": "0x1000"},
                                                      "plain": {"errno": 0, "ranges": ranges, "alignment": 4096},
                                                      "nest-parent": {"errno": 0}, "pasid": {"errno": 95, "error": "never"}},
          "hw_info": {"errno": 0, "type": 2, "data": "00000000000000001b44100d", "max_pasid_log2": 0}},
         {"group": "/dev/vfio/3", "iova_pgsizes": "0x1000", "iova_ranges": ranges, "dma_avail": 9},
         {"iova_alignment": 4096, "iova_ranges": ranges, "hwpt_alloc_plain": "ok", "hwpt_alloc_nest_parent": "ok",
          "hwpt_alloc_pasid": "never",
          "hw_info": {"type": 2, "data_len": 16, "data": ["0x0000000000000000", "0x000000000d10441b"], "max_pasid_log2": 0}}),
    )
    for measured, legacy, iommufd in rows:
        line = json.loads(answers.lines({"devices": [{"bdf": "0000:00:05.0", "measured": measured}]}))
        assert line == {"bdf": "0000:00:05.0", "legacy": legacy, "iommufd": iommufd}, line


def test_tools():
    """A tool that was given runs in hosts of its own architecture."""
    import jobs
    with tempfile.NamedTemporaryFile() as file:
        for machine, wanted in ((62, {"x86"}), (183, {"arm64"}), (243, set())):
            file.seek(0)
            file.write(b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little"))
            file.flush()
            assert {name for name in ("x86", "arm64") if jobs.is_for(name, file.name)} == wanted, machine
    assert not jobs.is_for("x86", __file__)


def test_results():
    """Outcome, plug and messages of what a guest wrote."""
    import jobs
    host = jobs.Host("intel39")
    rows = (
        ({"mode": "init", "exit": 0, "stderr": ""}, "starts", None, []),
        ({"mode": "init", "exit": 1, "stderr": "/x/qemu-system-x86_64: -device a,b=c: it fails\n"}, "fails", None, ["it fails"]),
        ({"mode": "boot", "exit": 0, "stderr": "qemu: vfio_container_dma_map(0x12, 0x1, 0x2, 0x34) = -22\n"}, "warns", None,
         ["vfio_container_dma_map(PTR, 0x1, 0x2, PTR) = -22"]),
        ({"mode": "hotplug", "exit": 0, "ready": True, "stderr": "", "qmp": {"return": {}}}, "starts", "accepted", []),
        ({"mode": "hotplug", "exit": 0, "ready": True, "stderr": "", "qmp": {"class": "GenericError", "desc": "no"}}, "starts", "refused", ["no"]),
        ({"mode": "hotplug", "exit": -6, "ready": True, "stderr": "qemu: hardware error: gone\nEAX=0\n"}, "starts", "kills-vm",
         ["hardware error: gone"]),
        ({"mode": "hotplug", "exit": -6, "stderr": "qemu: hardware error: gone\nEAX=0\n"}, "fails", "not-reached", ["hardware error: gone"]),
        ({"mode": "hotplug", "exit": 1, "stderr": "qemu: cannot\n"}, "fails", "not-reached", ["cannot"]),
        ({"mode": "init", "exit": -9, "stderr": "", "timeout": True}, "timeout", None, []),
    )
    for result, outcome, plug, messages in rows:
        argv = ["qemu-system-x86_64", "-device", "a,b=c"]
        line = jobs.expect({**result, "argv": argv}, {"tags": {"set": "t"}}, host, "11.1.3")
        assert (line["outcome"], line.get("plug"), line["messages"]) == (outcome, plug, messages), line
        assert (line["host"], line["qemu"], line["tags"]) == ("intel39", "11.1.3", {"set": "t"})


# In place of mmdebstrap: makes a QEMU that says its version, and fails where another one takes its folder away.
UNPACKER = """#!/bin/sh
for last; do root=$next; next=$last; done
echo "$root" >>"$COUNT"
mkdir -p "$root/usr/bin" "$root/usr/share/doc" "$root/usr/lib/x86_64-linux-gnu" || exit 1
printf '#!/bin/sh\\necho version 1\\n' >"$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
[ "$FAILS" != yes ] || exit 1
sleep "$SECONDS_TAKEN" && chmod +x "$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
"""


class Fetch:
    """fetch.sh of a lab into a cache of its own, with that unpacker."""

    def __init__(self, folder, kind, **environment):
        self.cache, self.count = os.path.join(folder, "cache"), os.path.join(folder, "count")
        self.program = os.path.join(sys.path[0], "..", kind, "fetch.sh")
        os.makedirs(os.path.join(folder, "bin"), exist_ok=True)
        path = os.path.join(folder, "bin/mmdebstrap")
        with open(path, "w", encoding="utf-8") as file:
            file.write(UNPACKER)
        os.chmod(path, 0o755)
        self.environment = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}", "IOMMUFIT_LAB": self.cache, "COUNT": self.count,
                            "SECONDS_TAKEN": "0.3", **environment}

    def start(self, *suites):
        return subprocess.Popen([self.program, *suites], env=self.environment, start_new_session=True, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True)

    def asked(self):
        with open(self.count, encoding="utf-8") as file:
            return len(file.readlines())

    def left(self):
        """Folders of the cache, however deep suites are in it."""
        return sorted(name for _, folders, _ in os.walk(self.cache) for name in folders if name.split(".")[0] in ("bookworm", "sid"))


def test_two_fetches():
    """The second waits for the first, and takes what that has unpacked."""
    for kind in ("firmware", "smmuv3"):
        with tempfile.TemporaryDirectory() as folder:
            fetch = Fetch(folder, kind)
            running = [fetch.start("bookworm", "sid") for _ in range(3)]
            for child in running:
                assert child.communicate()[0] == "version 1\n" * 2 and child.returncode == 0, (kind, child.returncode)
            assert fetch.asked() == 2 and fetch.left() == ["bookworm", "sid"], (kind, fetch.left())


def test_failed_fetch():
    """Nothing half-made is left, and the next one does it all."""
    with tempfile.TemporaryDirectory() as folder:
        child = Fetch(folder, "firmware", FAILS="yes").start("sid")
        child.communicate()
        fetch = Fetch(folder, "firmware")
        assert child.returncode and fetch.left() == [], (child.returncode, fetch.left())
        child = fetch.start("sid")
        assert child.communicate()[0] == "version 1\n" and fetch.left() == ["sid"], fetch.left()


def test_ended_fetch():
    with tempfile.TemporaryDirectory() as folder:
        fetch = Fetch(folder, "firmware", SECONDS_TAKEN="30")
        child = fetch.start("sid")
        while not os.path.exists(fetch.count) or not fetch.left():
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGTERM)
        child.communicate()  # ends once the last of its processes has
        assert child.returncode and fetch.left() == [], (child.returncode, fetch.left())


def test_needs():
    """All that is missing is named at once, and what installs it."""
    import needs
    from paths import LabError
    path = os.environ["PATH"]
    wanted = ({"commands": ("sh", "no-such-flex", "no-such-bison"), "headers": {"gcc": ("stdio.h", "no-such.h")}, "files": ("/", "/no/such")},
              {"commands": ("no-such-flex",)})
    assert needs.missing(*wanted) == ["no-such-flex", "no-such-bison", "no-such.h for gcc", "/no/such"], needs.missing(*wanted)
    needs.check({"commands": ("sh",)})
    try:
        os.environ["PATH"] = "/nowhere"
        needs.check(needs.KERNEL, needs.SUITES)
    except LabError as error:
        for word in ("flex", "bison", "bc", "mmdebstrap", "scripts/deps.sh lab"):
            assert word in str(error), error
    else:
        raise AssertionError("nothing is missing where there is nothing")
    finally:
        os.environ["PATH"] = path


def test_made_whole():
    """All of a folder or nothing."""
    import debian
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, "root")
        try:
            with debian.made_whole(place) as new:
                os.mkdir(os.path.join(new, "half"))
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            assert os.listdir(folder) == []
        with debian.made_whole(place) as new:
            os.mkdir(os.path.join(new, "whole"))
        assert os.listdir(folder) == ["root"] and os.listdir(place) == ["whole"]


def test_one_build():
    """The second begins when the first has ended."""
    import paths
    order = []

    def second():
        with paths.only_one("build"):
            order.append("second")

    with tempfile.TemporaryDirectory() as folder:
        kept, paths.LAB = paths.LAB, folder
        try:
            thread = threading.Thread(target=second)
            with paths.only_one("build"):
                thread.start()
                thread.join(0.3)
                order.append("first")
            thread.join()
        finally:
            paths.LAB = kept
    assert order == ["first", "second"], order


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lab", required=True)
    sys.path.insert(0, parser.parse_args().lab)
    sys.dont_write_bytecode = True
    passed = failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            passed += 1
        except Exception:
            traceback.print_exc()
            print(f"FAILED: {name}")
            failed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
