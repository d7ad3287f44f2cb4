/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fake_host.c - a host for the fake kernel. */
#include "fake_private.h"

#include <errno.h>
#include <string.h>

#define DEVICE "/sys/bus/pci/devices/0000:00:05.0"
#define GROUP "/sys/kernel/iommu_groups/3"

struct fake_vfio *fake_intel39(struct fake_kernel *k)
{
	struct fake_vfio *v = &k->vfio;
	const struct iof_range width39 = {0, UINT64_C(0x7fffffffff)};
	uint64_t registers[3] = {1, UINT64_C(0x80d2008c22260206), UINT64_C(0x0000000000f00f4a)};
	int use;

	*v = (struct fake_vfio){
		.bdf = "0000:00:05.0",
		.group = 3,
		.cdev = "vfio0",
		.is_viable = true,
		.holes = {{0xfee00000, 0xfeefffff}},
		.n_holes = 1,
		.page_sizes = 0x40201000,
		.dma_available = 65535,
		.hw_info_size = 40,
		.hw_info_type = 1,
		.capabilities = 8,
		.n_hw_info = sizeof(registers),
	};
	for (use = 0; use < FAKE_USES; use++) {
		v->aperture[use] = width39;
		v->use_error[use] = use == FAKE_PLAIN || use == FAKE_PASID ? 0 : EOPNOTSUPP;
	}
	memcpy(v->hw_info, registers, sizeof(registers));
	fake_file(k, DEVICE "/vendor", "0x8086\n");
	fake_file(k, DEVICE "/driver_override", "vfio-pci\n");
	fake_file(k, "/sys/bus/pci/drivers/vfio-pci/bind", "");
	fake_file(k, "/sys/bus/pci/drivers/vfio-pci/unbind", "");
	fake_link(k, "/sys/bus/pci/drivers/vfio-pci/0000:00:05.0", DEVICE);
	fake_link(k, DEVICE "/driver", "../../../../bus/pci/drivers/vfio-pci");
	fake_link(k, DEVICE "/iommu_group", GROUP);
	fake_file(k, DEVICE "/class", "0x020000\n");
	fake_file(k, DEVICE "/vfio-dev/vfio0/dev", "511:0\n");
	fake_node(k, "/dev/vfio/devices/vfio0", false, 511, 0);
	fake_file(k, "/sys/class/vfio/3/dev", "510:3\n");
	fake_node(k, "/dev/vfio/3", false, 510, 3);
	fake_link(k, GROUP "/devices/0000:00:05.0", DEVICE);
	fake_file(k, GROUP "/reserved_regions", "0x00000000fee00000 0x00000000feefffff msi\n");
	fake_file(k, GROUP "/type", "DMA-FQ\n");
	fake_file(k, "/proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n");
	fake_file(k, "/proc/sys/kernel/osrelease", "7.2.13\n");
	fake_link(k, "/proc/self", "1000");
	fake_link(k, "/proc/1000/ns/pid", "pid:[4026531836]");
	fake_file(k, "/proc/1000/comm", "iommufit\n");
	fake_link(k, "/proc/1000/fd/0", "/dev/null");
	fake_file(k, "/proc/1/comm", "init\n");
	fake_link(k, "/proc/1/fd/0", "/dev/null");
	return v;
}
