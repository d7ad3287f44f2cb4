# SPDX-License-Identifier: LGPL-2.1-or-later
"""Predicted IOVA ranges (`iommufit host` on a capture) against what `iommufit probe` measured in that host."""
import json
import os
import re
import subprocess

from paths import LabError, read

# Hosts to hold on every kernel. What differs between them changes ranges, page sizes or what can be asked at all.
FLAVOURS = ("intel39-pb39", "intel39-pb46", "intel48-pb46", "intel48-pt-pb48", "intel48-snoop", "intel48-dflt", "intelsm-pb46", "intelsm39",
            "intelsm-fsts-pb48", "intelsm-fsts-no1g", "intelsm-pasid", "amd-pb48", "amd-dr-pb48", "virtio-unsafe", "virtio39-unsafe",
            "virtio48-unsafe", "virtio64-unsafe", "intel48-noir", "intel48-noir-unsafe", "intel48-off", "none-pb46")
KERNELS = ("6.1", "6.12", "newest")
# By kernel: one with IOMMUFD, and Debian's own with 52-bit addresses, of 4 and of 16 KiB pages.
ARM_FLAVOURS = {
    "arm64": ("arm-smmu", "arm-smmu-s1", "arm-smmu-s2", "arm-smmu-nested", "arm-smmu-dev", "arm-smmu-pt", "arm-smmu-dt", "arm-smmu-gicv2",
              "arm-smmu-gicv2-unsafe", "arm-smmu-noits-unsafe", "arm-virtio", "arm-virtio39-unsafe", "arm-virtio48", "arm-virtio64",
              "arm-virtio-dt", "arm-none", "arm-none-dt"),
    "stock-arm64": ("arm-smmu", "arm-smmu-s2", "arm-virtio64"),
    "stock-arm64-16k": ("arm-smmu", "arm-smmu-s2", "arm-virtio", "arm-virtio39-unsafe:granule=16k"),
}
# A device that no domain was made for, and why: there is nothing to compare then.
NO_DOMAIN = ("none", "unknown")


# `host` tells what a device that is attached can map. iommufd can also be asked before: a virtio-iommu has no aperture
# then until Linux 6.16, of which `check` knows (src/vmm/attached.c).
FIRST_BYTE = [["0x0", "0x0"]]


class Row:
    """One device. predicted: shapes of a domain, several where it cannot be known. late: it gets its aperture when it is
    attached."""

    def __init__(self, bdf, predicted, device, late=False):
        self.bdf, self.predicted, self.device, self.late = bdf, predicted, device, late
        self.wrong = list(self.differences())

    def expected(self, use):
        return [FIRST_BYTE] if use == "plain" and self.late else [shape["ranges"] for shape in self.predicted]

    def domains(self):
        for use in ("legacy", "plain"):
            domain = self.device["measured"]["domains"].get(use, {})
            if domain.get("errno") == 0 and "ranges" in domain:
                yield use, domain

    def differences(self):
        if self.device["answer"] == "failed":
            yield f"probe failed: {self.device['why']}"
        for use, domain in self.domains():
            expected = self.expected(use)
            if [domain["ranges"]] != expected:
                yield f"{use}: measured {text_of(domain['ranges'])}, predicted " + (" or ".join(map(text_of, expected)) or "nothing")
            if "page_sizes" in domain and [domain["page_sizes"]] != [shape["page_sizes"] for shape in self.predicted]:
                yield f"{use}: measured page sizes {domain['page_sizes']}, predicted " + \
                    " or ".join(shape["page_sizes"] for shape in self.predicted)
        for fact in self.device["facts"]:
            if fact["result"] == "refuted":
                yield f"{fact['fact']}: measured {fact['measured']}, predicted {fact['predicted']}"

    def measured(self):
        """The ranges, in words; or why there are none."""
        texts = {use: text_of(domain["ranges"]) for use, domain in self.domains()}
        if not texts:
            return f"- ({self.device['why']})"
        if len(set(texts.values())) == 1:
            return f"{texts.popitem()[1]} ({', '.join(use for use, _ in self.domains())})"
        return ", ".join(f"{use}: {text}" for use, text in texts.items())


def text_of(ranges):
    return " ".join(f"{first}-{last}" for first, last in ranges)


def is_before(release, major, minor):
    found = re.match(r"(\d+)\.(\d+)", release)
    return bool(found) and (int(found.group(1)), int(found.group(2))) < (major, minor)


def predict(tool, capture):
    """{BDF: [shapes of a domain]}, and whether apertures come late."""
    done = subprocess.run([tool, "host", "--host", capture, "--json"], capture_output=True, text=True, check=False)
    try:
        answer = json.loads(done.stdout)
        shapes = {device["bdf"]: [shape for shape in device.get("iova", []) if shape.get("known")] for device in answer["devices"]}
        return shapes, answer["iommu"] == "virtio-iommu" and is_before(answer["kernel"]["release"], 6, 16)
    except (ValueError, KeyError):
        raise LabError(f"{capture}: {(done.stderr or done.stdout).strip()[:300]}") from None


def rows(name, folder, tool):
    """A row for each device that was probed in that host, from its capture and truth."""
    truth = json.loads(read(os.path.join(folder, f"{name}.truth.json")))
    predicted, late = predict(tool, os.path.join(folder, f"{name}.tar.xz"))
    return [Row(device["bdf"], predicted.get(device["bdf"], []), device, late) for device in truth.get("devices", [])]


def table(name, found):
    """Lines: devices that have the same answer share one."""
    groups = {}
    for row in found:
        groups.setdefault((row.measured(), tuple(row.wrong)), []).append(row.bdf)
    for (measured, wrong), bdfs in groups.items():
        yield f"{name}\t{len(bdfs)} devices\t{'differs' if wrong else 'agrees'}\t{measured}"
        for words in wrong:
            yield f"\t{bdfs[0]}\t{words}"
