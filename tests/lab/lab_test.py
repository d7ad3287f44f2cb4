#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pure parts of the nested lab: flavours, its initramfs, what becomes of QEMU's words."""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
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
    ("arm-smmu-dt-gicv2-s2", "gic-version=2 acpi=off arm-smmuv3.stage=2", "unsafe"),
    ("arm-virtio39", "virtio-iommu-pci,addr=02.0,aw-bits=39", "smmu"),
)
REFUSED = ("", "pentium", "intel39-fast", "intel:aw", "intel:aw=4", "amd:aw=39", "intel39-fsts", "none-noir", "intel:pb=99", "arm-smmu-snoop",
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
