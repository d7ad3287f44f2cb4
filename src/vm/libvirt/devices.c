// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * devices.c - what libvirt adds to a domain by itself, and which model a device is that
 * names none (qemuDomainDefAddDefaultDevices, qemuDomainDeviceDefPostParse). QEMU counts as built
 * with all devices.
 */
#include "vm/libvirt/devices.h"

#define MANY_VCPUS_SINCE LIBVIRT_VERSION(10, 7, 0) /* not yet in 9.0.0, but in 11.3.0 */
#define MANY_VCPUS 255u /* more need interrupt remapping with 32-bit ids */

static bool is_x86(const struct lv_domain *d)
{
	return str_eq(d->arch, "x86_64") || str_eq(d->arch, "i686");
}

/* ---- devices ---- */

static struct lv_device *add_model(struct lv_domain *d, enum lv_class class, const char *model)
{
	struct lv_device *device = lv_add(d, class);

	if (device)
		device->model = model;
	return device;
}

static const char *root_model(const struct lv_domain *d)
{
	return d->board == LV_I440FX ? "pci-root" : "pcie-root";
}

static void add_root(struct lv_domain *d)
{
	const char *model = root_model(d);
	const struct lv_device *c;

	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (!str_eq(c->kind, "pci") || c->index)
			continue;
		if (!str_eq(c->model, model))
			lv_refuse(d, lv_at(c->node),
				  "XML error: The PCI controller with index='0' must be "
				  "model='%s' for this machine type, but model='%s' was found "
				  "instead",
				  model, c->model);
		return;
	}
	lv_add_controller(d, "pci", 0, model);
}

static bool has_model(struct lv_domain *d, enum lv_class class, const char *model)
{
	const struct lv_device *device;

	for (size_t n = 0; (device = lv_device(d, class, n)); n++) {
		if (str_eq(device->model, model))
			return true;
	}
	return false;
}

static void add_many_vcpus_iommu(struct lv_domain *d)
{
	struct lv_device *iommu;

	if (d->vcpus <= MANY_VCPUS || d->version < MANY_VCPUS_SINCE || lv_device(d, LV_IOMMU, 0))
		return;
	iommu = add_model(d, LV_IOMMU, "intel");
	if (iommu)
		iommu->adds_intremap = iommu->adds_eim = true;
}

static void add_x86_devices(struct lv_domain *d)
{
	bool is_q35 = d->board == LV_Q35;

	if (!lv_has_controller(d, "usb", 0))
		lv_add_controller(d, "usb", 0, is_q35 ? "qemu-xhci" : "piix3-uhci");
	if (is_q35 && !lv_has_controller(d, "sata", 0))
		lv_add_controller(d, "sata", 0, "");
	add_root(d);
	if (!lv_device(d, LV_MEMBALLOON, 0))
		add_model(d, LV_MEMBALLOON, "virtio");
	if (!is_q35)
		return;
	if (d->version >= LIBVIRT_VERSION(9, 1, 0) && !has_model(d, LV_WATCHDOG, "itco"))
		add_model(d, LV_WATCHDOG, "itco");
	add_many_vcpus_iommu(d);
}

/* ---- models ---- */

static const char *usb_model(const struct lv_domain *d)
{
	return is_x86(d) ? "piix3-uhci" : "qemu-xhci";
}

/* 12.8 takes the model that others have; 11.3 does not. */
static const char *scsi_model(struct lv_domain *d)
{
	const struct lv_device *c;

	if (d->version < LIBVIRT_VERSION(12, 0, 0))
		return "lsilogic";
	if (d->board == LV_VIRT)
		return "virtio-scsi";
	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (str_eq(c->kind, "scsi") && *c->model && !str_eq(c->model, "auto"))
			return c->model;
	}
	return "lsilogic";
}

static const char *net_model(const struct lv_domain *d, const struct lv_device *net)
{
	if (str_eq(net->kind, "vdpa") || str_eq(net->kind, "vhostuser") || d->board == LV_VIRT)
		return "virtio";
	return "rtl8139";
}

static void set_model(struct lv_domain *d, struct lv_device *device)
{
	const char *type = device->node ? xml_value(device->node, "type") : NULL;

	if (device->class == LV_INPUT && !*device->kind && type && str_eq(type, "passthrough"))
		device->kind = "virtio";
	if (device->class == LV_CONTROLLER && str_eq(device->kind, "scsi") &&
	    str_eq(device->model, "auto"))
		device->model = "";
	if (*device->model)
		return;
	if (device->class == LV_CONTROLLER && str_eq(device->kind, "usb"))
		device->model = usb_model(d);
	else if (device->class == LV_CONTROLLER && str_eq(device->kind, "scsi"))
		device->model = scsi_model(d);
	else if (device->class == LV_NET)
		device->model = net_model(d, device);
	else if (device->class == LV_VIDEO)
		device->model = is_x86(d) ? "cirrus" : "virtio";
	else if (device->class == LV_VSOCK)
		device->model = "virtio";
	else if (device->class == LV_PANIC)
		device->model = is_x86(d) ? "isa" : "pvpanic";
}

static void set_models(struct lv_domain *d)
{
	for (size_t i = 0; i < d->n_devices; i++)
		set_model(d, &d->devices[i]);
}

/* ---- controllers that libvirt refuses ---- */

static size_t numa_cells(const struct lv_domain *d)
{
	size_t n = 0;

	for (const struct xml_node *cell = xml_path(d->root, "cpu/numa/cell"); cell;
	     cell = xml_sibling(cell))
		n++;
	return n;
}

static void check_bridge(struct lv_domain *d, const struct lv_device *c)
{
	const struct xml_node *node = c->node ? xml_path(c->node, "target/node") : NULL;
	bool is_root = str_eq(c->model, "pci-root") || str_eq(c->model, "pcie-root");
	size_t cells = numa_cells(d);
	uint64_t n;

	if (is_root && c->index)
		lv_refuse(d, lv_at(c->node),
			  "XML error: pci-root and pcie-root controllers should have index 0");
	else if (str_eq(c->model, "pci-expander-bus") && d->board != LV_I440FX)
		lv_refuse(d, lv_at(c->node),
			  "unsupported configuration: pci-expander-bus controllers are only "
			  "supported on 440fx-based machinetypes");
	else if (str_eq(c->model, "pcie-expander-bus") && d->board != LV_Q35 && d->board != LV_VIRT)
		lv_refuse(d, lv_at(c->node),
			  "unsupported configuration: pcie-expander-bus controllers are not "
			  "supported with this machine type");
	else if (node && lv_number(node->text, INT32_MAX, &n) && n >= cells)
		lv_refuse(d, &node->at,
			  "XML error: %s with index %u is configured for a NUMA node (%u) not "
			  "present in the domain's <cpu><numa> array (%zu)",
			  c->model, c->index, (unsigned)n, cells);
}

static void check_bridges(struct lv_domain *d)
{
	const struct lv_device *c;

	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (str_eq(c->kind, "pci"))
			check_bridge(d, c);
	}
}

/* ---- video ---- */

/* The one that is primary='yes' comes first; graphics alone bring one. */
static void order_videos(struct lv_domain *d)
{
	const struct lv_device *video;

	for (size_t n = 0; (video = lv_device(d, LV_VIDEO, n)); n++) {
		const struct xml_node *model = video->node ? xml_child(video->node, "model") : NULL;
		const char *primary = xml_value(model, "primary");

		if (primary && str_eq(primary, "yes")) {
			lv_move_device(d, LV_VIDEO, n, 0);
			return;
		}
	}
}

static void add_video(struct lv_domain *d)
{
	if (lv_device(d, LV_GRAPHICS, 0) && !lv_device(d, LV_VIDEO, 0))
		add_model(d, LV_VIDEO, "");
}

/* ---- interrupts ---- */

static bool needs_remapping(const struct lv_domain *d)
{
	return d->vcpus > MANY_VCPUS && d->board == LV_Q35 && d->version >= MANY_VCPUS_SINCE;
}

static bool is_said(const struct lv_device *iommu, const char *attribute)
{
	return lv_driver(iommu, attribute) != NULL;
}

static void complete_iommus(struct lv_domain *d)
{
	struct lv_device *iommu = lv_device(d, LV_IOMMU, 0);
	const char *intremap = iommu ? lv_driver(iommu, "intremap") : NULL;
	bool is_on = iommu && ((intremap && str_eq(intremap, "on")) || iommu->adds_intremap);

	if (iommu && d->class_size[LV_IOMMU] == 1 && (is_on || needs_remapping(d)) &&
	    !d->has_kernel_irqchip && d->version >= LIBVIRT_VERSION(10, 7, 0))
		d->has_split_irqchip = true;
	for (size_t n = 0; (iommu = lv_device(d, LV_IOMMU, n)) && needs_remapping(d); n++) {
		bool is_intel = str_eq(iommu->model, "intel");
		bool is_amd =
			str_eq(iommu->model, "amd") && d->version >= LIBVIRT_VERSION(12, 2, 0);

		if (!is_intel && !is_amd)
			continue;
		iommu->adds_intremap = !is_said(iommu, "intremap");
		iommu->adds_eim = is_intel && !is_said(iommu, "eim");
		iommu->adds_xtsup = is_amd && !is_said(iommu, "xtsup");
	}
}

/* ---- virtio without PCI ---- */

static bool is_on_mmio(const struct lv_device *device)
{
	const char *type =
		device->node ? xml_value(xml_child(device->node, "address"), "type") : NULL;

	return type && str_eq(type, "virtio-mmio");
}

static bool follows_mmio(const struct lv_device *device)
{
	switch (device->class) {
	case LV_DISK:
	case LV_INPUT:
		return str_eq(device->kind, "virtio");
	case LV_NET:
	case LV_VIDEO:
		return str_starts(device->model, "virtio");
	case LV_CONTROLLER:
		return str_eq(device->kind, "virtio-serial") || str_eq(device->kind, "scsi");
	case LV_HOSTDEV:
		return str_eq(device->kind, "scsi_host");
	case LV_MEMORY:
		return str_starts(device->model, "virtio");
	default:
		return device->class == LV_MEMBALLOON || device->class == LV_RNG ||
		       device->class == LV_CRYPTO;
	}
}

/* One virtio-mmio device in a domain of virt, and all that have no address follow. */
static void follow_mmio(struct lv_domain *d)
{
	bool has_mmio = false;

	for (size_t i = 0; i < d->n_devices; i++)
		has_mmio |= is_on_mmio(&d->devices[i]);
	for (size_t i = 0; i < d->n_devices && has_mmio && d->board == LV_VIRT; i++) {
		struct lv_device *device = &d->devices[i];
		const struct xml_node *address =
			device->node ? xml_child(device->node, "address") : NULL;

		device->is_mmio = !xml_value(address, "type") && follows_mmio(device);
	}
}

/* Before 9.1 <crypto> is unknown. */
static void drop_unknown(struct lv_domain *d)
{
	struct lv_device *first = lv_device(d, LV_CRYPTO, 0);
	size_t n = d->class_size[LV_CRYPTO];

	if (!first || d->version >= LIBVIRT_VERSION(9, 1, 0))
		return;
	memmove(first, first + n,
		(size_t)(d->devices + d->n_devices - (first + n)) * sizeof(*first));
	d->n_devices -= n;
	d->class_size[LV_CRYPTO] = 0;
}

void lv_add_defaults(struct lv_domain *d)
{
	drop_unknown(d);
	lv_number_controllers(d);
	lv_sort_disks(d);
	order_videos(d);
	if (d->board == LV_Q35 || d->board == LV_I440FX)
		add_x86_devices(d);
	else if (d->board == LV_VIRT)
		add_root(d);
	set_models(d);
	check_bridges(d);
	lv_refuse_duplicates(d);
	lv_add_implied(d);
	add_video(d);
	set_models(d);
	complete_iommus(d);
	lv_need_ports(d);
	follow_mmio(d);
}
