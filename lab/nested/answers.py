# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `iommufit probe` measured in a host, in the form in which tests/data/captures keep it beside each capture: a line
for each device with what the kernel answered to the group's route and to iommufd."""
import json
import os
import struct

# Uses of a domain that are asked for alone, and their names there.
ALONE = {"nest-parent": "hwpt_alloc_nest_parent", "dirty-tracking": "hwpt_alloc_dirty_tracking", "pasid": "hwpt_alloc_pasid"}
# Short names of calls that failed.
FAILED = {"VFIO_SET_IOMMU": "set_iommu", "VFIO_GROUP_SET_CONTAINER": "set_container", "VFIO_DEVICE_BIND_IOMMUFD": "bind"}


def failure(domain):
    name = FAILED.get(domain["call"], domain["call"])
    return {f"{name}_errno": domain["errno"], f"{name}_error": domain["error"]}


def legacy(measured):
    if "group" not in measured:
        return {"iommu_group_errno": 2, "iommu_group_error": os.strerror(2)}
    found = {"group": f"/dev/vfio/{measured['group']}"}
    domain = measured["domains"].get("legacy", {})
    if domain.get("errno"):
        found.update(failure(domain))
    elif "ranges" in domain:
        found.update(iova_pgsizes=domain["page_sizes"], iova_ranges=domain["ranges"])
    if "dma_available" in measured:
        found["dma_avail"] = measured["dma_available"]
    return found


def hw_info(told):
    """The bytes as the words of 64 bits that they are read as."""
    data = bytes.fromhex(told["data"])
    data += bytes(-len(data) % 8)
    info = {"type": told["type"], "data_len": len(data), "data": [f"{word:#018x}" for word, in struct.iter_unpack("<Q", data)],
            "max_pasid_log2": told["max_pasid_log2"]}
    return {**info, "capabilities": told["capabilities"]} if "capabilities" in told else info


def iommufd(measured):
    found = {}
    domain = measured["domains"].get("plain", {})
    if domain.get("errno"):
        found.update(failure(domain))
    elif "ranges" in domain:
        found.update(iova_alignment=domain["alignment"], iova_ranges=domain["ranges"], hwpt_alloc_plain="ok")
    for use, name in ALONE.items():
        if use in measured["domains"]:
            found[name] = measured["domains"][use].get("error", "ok")
    if measured.get("hw_info", {}).get("errno") == 0:
        found["hw_info"] = hw_info(measured["hw_info"])
    return found


def lines(truth):
    """truth: iommufit.probe/1."""
    rows = [{"bdf": device["bdf"], "legacy": legacy(device["measured"]), "iommufd": iommufd(device["measured"])}
            for device in truth["devices"]]
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
