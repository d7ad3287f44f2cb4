/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes.h"

#include "vmm/machine.h"

#define KiB(n) ((uint64_t)(n) << 10)
#define MiB(n) ((uint64_t)(n) << 20)
#define GiB(n) ((uint64_t)(n) << 30)

#define Q35                                                                                        \
	"qemu-system-x86_64 -nodefaults -machine pc-q35-10.1,kernel-irqchip=split -accel kvm "     \
	"-cpu host "
#define GPU "-device vfio-pci,host=0000:00:05.0,id="

/* OVMF on a CPU of 46 bits: the 64-bit window fills the last eighth of the address space. */
#define WINDOW32                                                                                   \
	{                                                                                          \
		IOF_REGION_MMIO32, "32-bit window", 0xc0000000, MiB(0x3c0), NULL, 0, false         \
	}
#define WINDOW64                                                                                   \
	{                                                                                          \
		IOF_REGION_MMIO64, "64-bit window", 0x380000000000, 0x80000000000, NULL, 0, false  \
	}
#define BAR(name, at, size, number)                                                                \
	{                                                                                          \
		IOF_REGION_BAR, name, at, size, NULL, number, true                                 \
	}
#define END                                                                                        \
	{                                                                                          \
		IOF_REGION_UNKNOWN, NULL, 0, 0, NULL, 0, false                                     \
	}

static const struct scene_region gpu_outside[] = {
	WINDOW32,
	BAR("gpu0 BAR 0", 0xc1000000, MiB(16), 0),
	WINDOW64,
	BAR("gpu0 BAR 1", 0x382800000000, GiB(16), 1),
	BAR("gpu0 BAR 3", 0x382c00000000, MiB(32), 3),
	END,
};

static const struct scene_region gpu_inside[] = {
	WINDOW32,
	BAR("gpu0 BAR 0", 0xc1000000, MiB(16), 0),
	{IOF_REGION_MMIO64, "64-bit window", GiB(256), GiB(128), NULL, 0, false},
	BAR("gpu0 BAR 1", GiB(256), GiB(16), 1),
	END,
};

/* More than the picture has lanes for. */
static const struct scene_region many_outside[] = {
	WINDOW64,
	BAR("gpu0 BAR 1", 0x382000000000, GiB(128), 1),
	BAR("gpu1 BAR 2", 0x384000000000, GiB(128), 2),
	BAR("gpu2 BAR 3", 0x386000000000, GiB(128), 3),
	BAR("gpu3 BAR 4", 0x388000000000, GiB(128), 4),
	BAR("nic0 BAR 0", 0x38a000000000, MiB(32), 0),
	BAR("nic1 BAR 5", 0x38a002000000, MiB(32), 5),
	BAR("nic2 BAR 5", 0x38a004000000, MiB(32), 5),
	BAR("nic3 BAR 4", 0x38a006000000, MiB(32), 4),
	END,
};

/* Names as a hostile config has them. */
static const struct scene_region hostile[] = {
	WINDOW32,
	WINDOW64,
	BAR("<script>alert(1)</script> BAR 1", 0x382800000000, GiB(16), 1),
	BAR("\"'&]]>--><img src=x onerror=alert(1)> BAR 2", 0x383000000000, GiB(1), 2),
	BAR("bell\a esc\033[31m \xe2\x80\xaertl \xff\xfe nl\n BAR 3", 0x383100000000, GiB(1), 3),
	BAR("a-very-long-name-that-goes-on-and-on-without-any-place-to-break-it-and-still-more-of-"
	    "it BAR 4",
	    0x384000000000, GiB(1), 4),
	BAR("\xe5\xbb\xa3\xe5\x8d\x97 \xf0\x9f\x8e\xae BAR 5", 0x385000000000, GiB(1), 5),
	END,
};

static const struct scene_region edge[] = {
	{IOF_REGION_MMIO64, "64-bit window", UINT64_C(1) << 63, UINT64_C(1) << 63, NULL, 0, false},
	BAR("top BAR 0", UINT64_MAX - GiB(1) + 1, GiB(1), 0),
	BAR("hole BAR 2", 0xfee00000, MiB(1), 2),
	END,
};

const struct map_scene map_scenes[] = {
	{"gpu-outside", "intel39-pb46", Q35 "-m 34G,slots=4,maxmem=64G " GPU "gpu0", gpu_outside,
	 16, NULL, false, false},
	{"gpu-inside", "intel39-pb46", Q35 "-m 34G " GPU "gpu0", gpu_inside, 3, NULL, false, false},
	{"width", "intel39-pb46",
	 Q35 "-m 34G -device intel-iommu,intremap=on,caching-mode=on,aw-bits=48 " GPU "gpu0",
	 gpu_inside, 0, NULL, false, false},
	{"many-outside", "intel39-pb46", Q35 "-m 34G " GPU "gpu0", many_outside, 0, NULL, false,
	 false},
	{"ram-outside", "intel39-pb46", Q35 "-m 600G " GPU "gpu0", NULL, 0,
	 "the firmware image says nothing of itself", false, false},
	{"no-device", "intel39-pb46", Q35 "-m 8G", gpu_inside, 0, NULL, false, false},
	{"unknown", "intel39-pb46", Q35 "-m 8G " GPU "gpu0", gpu_inside, 0, NULL, true, false},
	{"hostile", "intel39-pb46",
	 Q35 "-m 34G -device "
	     "'intel-iommu,intremap=on,<img/src=x>=\"&]]>\033[31m,caching-mode=on,aw-bits=48' " GPU
	     "gpu0",
	 hostile, 0, "<i>nothing</i> & \"nothing\"", false, false},
	{"real", "intel39-pb46", Q35 "-m 34G -device pcie-root-port,id=rp0 " GPU "gpu0,bus=rp0",
	 NULL, 0, NULL, false, true},
	{"edge", "intel39-pb46", Q35 "-m 1G " GPU "gpu0", edge, 0, NULL, false, false},
};
const size_t n_map_scenes = ARRAY_SIZE(map_scenes);

const struct map_scene *map_scene_find(const char *name)
{
	for (size_t i = 0; i < n_map_scenes; i++) {
		if (str_eq(map_scenes[i].name, name))
			return &map_scenes[i];
	}
	return NULL;
}

static void must(bool is_good, const char *what)
{
	if (is_good)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void put(struct iof_machine *m, const struct scene_region *from)
{
	struct guest_function *function = arena_alloc(m->arena, sizeof(*function));
	const struct machine_device *device = NULL;

	must(function, "memory");
	for (size_t i = 0; i < m->n_devices; i++) {
		if (m->devices[i].kind == DRIVER_VFIO_PCI)
			device = &m->devices[i];
	}
	function->driver = from->driver ? from->driver : "vfio-pci";
	m->regions[m->n_regions++] = (struct iof_region){
		.kind = from->kind,
		.range = {from->first, from->first + (from->size - 1)},
		.name = arena_strdup(m->arena, from->name),
		.device = from->kind == IOF_REGION_BAR && !from->driver ? device : NULL,
		.function = from->kind == IOF_REGION_BAR ? function : NULL,
		.bar = from->bar,
		.is_mapped = from->is_mapped,
		.is_assumed = true};
}

static void put_port(struct iof_machine *m, unsigned i)
{
	char name[32];
	struct scene_region port = {
		IOF_REGION_BAR, name, 0xc2000000 + KiB(4) * i, KiB(4), "pcie-root-port", 0, false};

	snprintf(name, sizeof(name), "rp%u BAR 0", i);
	put(m, &port);
}

static int by_address(const void *a, const void *b)
{
	const struct iof_region *x = a, *y = b;

	if (x->range.first != y->range.first)
		return x->range.first < y->range.first ? -1 : 1;
	return x->range.last > y->range.last ? -1 : x->range.last < y->range.last;
}

static void put_all(struct iof_machine *m, const struct map_scene *scene)
{
	struct iof_region *regions = arena_array(m->arena, m->n_regions + 64, sizeof(*regions));

	must(regions, "memory");
	/* What a firmware is predicted to do is tested elsewhere: only memory stays. */
	for (size_t i = 0, n = m->n_regions; i < n; i++) {
		if (i == 0)
			m->n_regions = 0;
		if (m->regions[i].kind == IOF_REGION_RAM ||
		    m->regions[i].kind == IOF_REGION_HOTPLUG)
			regions[m->n_regions++] = m->regions[i];
	}
	m->regions = regions;
	for (const struct scene_region *r = scene->regions; r && r->size; r++)
		put(m, r);
	for (unsigned i = 0; i < scene->ports; i++)
		put_port(m, i);
	qsort(m->regions, m->n_regions, sizeof(*m->regions), by_address);
	m->guest.firmware.text = "OVMF 202505";
	m->guest.firmware.provenance = "assumed: what QEMU 10.1 comes with";
	m->guest.is_placed = !scene->unplaced;
	m->guest.unplaced_why = scene->unplaced;
}

static void give_bars(struct iof_host *host)
{
	for (size_t i = 0; i < host->n_devices; i++) {
		struct iof_device *device = &host->devices[i];

		if (!str_eq(device->bdf, "0000:00:05.0"))
			continue;
		device->class_code = 0x030000;
		device->bars[0] = (struct pci_bar){.size = MiB(16)};
		device->bars[1] =
			(struct pci_bar){.size = GiB(16), .is_64 = true, .is_prefetchable = true};
		device->bars[3] =
			(struct pci_bar){.size = MiB(32), .is_64 = true, .is_prefetchable = true};
	}
}

struct scene_run scene_open(const struct map_scene *scene)
{
	struct iof_vmm vmm = {.size = sizeof(vmm), .version = "qemu=10.1.5"};
	struct iof_host_options options = {.size = sizeof(options), .name = "example-host"};
	struct scene_run run = {.ctx = NULL};
	struct buf path = {0};

	buf_printf(&path, "%s/captures/%s.tar.xz", test_data(), scene->capture);
	must(iof_ctx_new(&run.ctx) == 0, "memory");
	must(iof_host_load_capture(run.ctx, path.data, &options, &run.host) == 0,
	     iof_ctx_error(run.ctx));
	if (scene->is_real) {
		give_bars(run.host);
		vmm.firmware = "ovmf=202505";
	}
	must(iof_vm_load(run.ctx, IOF_LANGUAGE_QEMU_ARGV, scene->line, strlen(scene->line), "vm.sh",
			 &run.vm) == 0,
	     iof_ctx_error(run.ctx));
	/* A machine takes what its devices can map from the host when it is resolved. */
	for (size_t i = 0; scene->is_unknown && i < run.host->n_devices; i++)
		run.host->devices[i].iova[0].known = false;
	must(iof_machine_resolve(run.ctx, run.host, run.vm, &vmm, &run.machine) == 0,
	     iof_ctx_error(run.ctx));
	if (!scene->is_real)
		put_all(run.machine, scene);
	must(iof_report_new(run.ctx, &run.report) == 0, "memory");
	must(iof_check(run.host, run.machine, NULL, run.report) == 0, "check");
	buf_free(&path);
	return run;
}

void scene_close(struct scene_run *run)
{
	iof_report_unref(run->report);
	iof_machine_unref(run->machine);
	iof_vm_unref(run->vm);
	iof_host_unref(run->host);
	iof_ctx_unref(run->ctx);
}
