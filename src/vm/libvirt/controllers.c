// SPDX-License-Identifier: LGPL-2.1-or-later
/* controllers.c - <controller> (qemuBuildControllersCommandLine). */
#include "vm/libvirt/say.h"

/* A device model of libvirt and QEMU's name of it. */
struct model {
	const char *model, *driver;
};

static const char *driver_of(const struct model *models, size_t n, const char *model)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(models[i].model, model))
			return models[i].driver;
	}
	return NULL;
}

/* ---- PCI ---- */

static const struct model pci_models[] = {
	{"pci-bridge", "pci-bridge"},
	{"pci-expander-bus", "pxb"},
	{"pcie-expander-bus", "pxb-pcie"},
	{"dmi-to-pci-bridge", "i82801b11-bridge"},
	{"pcie-to-pci-bridge", "pcie-pci-bridge"},
	{"pcie-root-port", "pcie-root-port"},
	{"pcie-switch-upstream-port", "x3130-upstream"},
	{"pcie-switch-downstream-port", "xio3130-downstream"},
};

static void put_number(struct lv_words *w, const char *key, int value, const char *attribute)
{
	const struct xml_node *target =
		w->device->node ? xml_child(w->device->node, "target") : NULL;
	const struct xml_attribute *own = target ? xml_attribute(target, attribute) : NULL;

	lv_put_number(w, key, value < 0 ? 0 : (uint64_t)value, own ? &own->at : NULL);
}

static void put_node(struct lv_words *w)
{
	const struct xml_node *node =
		w->device->node ? xml_path(w->device->node, "target/node") : NULL;
	uint64_t n;

	if (node && lv_number(node->text, INT32_MAX, &n))
		lv_put_number(w, "numa_node", n, &node->text_at);
}

static void put_hotplug(struct lv_words *w)
{
	if (w->device->node)
		lv_put_switch(w, "hotplug", xml_child(w->device->node, "target"), "hotplug");
}

static void say_pci(struct lv_domain *d, const struct lv_device *c)
{
	const char *driver = driver_of(pci_models, ARRAY_SIZE(pci_models), c->model);
	const char *name = c->node ? xml_value(xml_child(c->node, "model"), "name") : NULL;
	struct lv_words w;

	if (!driver)
		return; /* a root */
	w = lv_begin(d, c, name ? name : driver);
	if (str_eq(c->model, "pci-bridge"))
		put_number(&w, "chassis_nr", c->chassis_nr, "chassisNr");
	if (str_eq(c->model, "pcie-root-port") || str_eq(c->model, "pcie-switch-downstream-port")) {
		put_number(&w, "port", c->port, "port");
		put_number(&w, "chassis", c->chassis, "chassis");
		lv_put_id(&w);
		put_hotplug(&w);
	} else if (strstr(c->model, "expander-bus")) {
		put_number(&w, "bus_nr", (int)c->bus_nr, "busNr");
		lv_put_id(&w);
		put_node(&w);
	} else {
		lv_put_id(&w);
	}
	lv_put_address(&w);
	lv_say_device(&w);
}

/* ---- USB ---- */

static const struct model usb_models[] = {
	{"piix3-uhci", "piix3-usb-uhci"},
	{"piix4-uhci", "piix4-usb-uhci"},
	{"ehci", "usb-ehci"},
	{"ich9-ehci1", "ich9-usb-ehci1"},
	{"ich9-uhci1", "ich9-usb-uhci1"},
	{"ich9-uhci2", "ich9-usb-uhci2"},
	{"ich9-uhci3", "ich9-usb-uhci3"},
	{"vt82c686b-uhci", "vt82c686b-usb-uhci"},
	{"pci-ohci", "pci-ohci"},
	{"nec-xhci", "nec-usb-xhci"},
	{"qemu-xhci", "qemu-xhci"},
};

/* The companions of an EHCI have no id of their own. */
static int start_port(const struct lv_device *c)
{
	const struct xml_node *master = c->node ? xml_child(c->node, "master") : NULL;
	uint64_t n;

	if (master && lv_number(xml_value(master, "startport"), INT32_MAX, &n))
		return (int)n;
	if (!str_starts(c->model, "ich9-uhci"))
		return -1;
	return 2 * (c->model[strlen("ich9-uhci")] - '1');
}

static void say_usb(struct lv_domain *d, const struct lv_device *c)
{
	const char *driver = driver_of(usb_models, ARRAY_SIZE(usb_models), c->model);
	int port = start_port(c);
	struct lv_words w;

	if (!driver)
		return;
	w = lv_begin(d, c, driver);
	lv_put_attribute(&w, "p2", 'n', c->node, "ports");
	lv_put_attribute(&w, "p3", 'n', c->node, "ports");
	if (port >= 0) {
		lv_put(&w, "masterbus", 's', lv_printf(d, "%s.0", c->alias), NULL);
		lv_put_number(&w, "firstport", (uint64_t)port, NULL);
	} else {
		lv_put_id(&w);
	}
	lv_put_address(&w);
	lv_say_device(&w);
}

/* ---- others ---- */

static const struct model scsi_models[] = {
	{"lsilogic", "lsi"},	{"lsisas1068", "mptsas1068"}, {"lsisas1078", "megasas"},
	{"vmpvscsi", "pvscsi"}, {"am53c974", "am53c974"},     {"dc390", "dc-390"},
};

static bool is_virtio(const char *model)
{
	return str_starts(model, "virtio");
}

static const struct xml_node *driver_node(const struct lv_device *c)
{
	return c->node ? xml_child(c->node, "driver") : NULL;
}

static void say_virtio_scsi(struct lv_domain *d, const struct lv_device *c)
{
	struct lv_words w =
		lv_begin(d, c,
			 lv_virtio_driver(d, "virtio-scsi",
					  str_eq(c->model, "virtio-scsi") ? "virtio" : c->model));
	const struct xml_node *driver = driver_node(c);

	lv_put_virtio(&w, driver);
	lv_put_id(&w);
	lv_put_attribute(&w, "num_queues", 'n', driver, "queues");
	lv_put_attribute(&w, "cmd_per_lun", 'n', driver, "cmd_per_lun");
	lv_put_attribute(&w, "max_sectors", 'n', driver, "max_sectors");
	lv_put_switch(&w, "ioeventfd", driver, "ioeventfd");
	lv_put_address(&w);
	lv_say_device(&w);
}

static void say_plain_device(struct lv_domain *d, const struct lv_device *c, const char *driver)
{
	struct lv_words w = lv_begin(d, c, driver);

	lv_put_id(&w);
	lv_put_address(&w);
	lv_say_device(&w);
}

static void say_scsi(struct lv_domain *d, const struct lv_device *c)
{
	const char *driver = driver_of(scsi_models, ARRAY_SIZE(scsi_models), c->model);

	if (is_virtio(c->model) && c->pci.is_set)
		say_virtio_scsi(d, c);
	else if (driver)
		say_plain_device(d, c, driver);
}

static void say_sata(struct lv_domain *d, const struct lv_device *c)
{
	if (c->index || d->board != LV_Q35)
		say_plain_device(d, c, "ahci");
}

static void say_nvme(struct lv_domain *d, const struct lv_device *c)
{
	const struct xml_node *serial = c->node ? xml_child(c->node, "serial") : NULL;
	struct lv_words w = lv_begin(d, c, "nvme");

	lv_put_id(&w);
	if (serial)
		lv_put(&w, "serial", 's', serial->text, &serial->text_at);
	lv_put_address(&w);
	lv_say_device(&w);
}

static void say_virtio_serial(struct lv_domain *d, const struct lv_device *c)
{
	struct lv_words w;

	if (!c->pci.is_set)
		return;
	w = lv_begin(d, c, lv_virtio_driver(d, "virtio-serial", c->model));
	lv_put_virtio(&w, driver_node(c));
	lv_put_id(&w);
	lv_put_attribute(&w, "max_ports", 'n', c->node, "ports");
	lv_put_attribute(&w, "vectors", 'n', c->node, "vectors");
	lv_put_address(&w);
	lv_say_device(&w);
}

static const struct {
	const char *kind;
	void (*say)(struct lv_domain *, const struct lv_device *);
} kinds[] = {
	{"pci", say_pci},
	{"usb", say_usb},
	{"scsi", say_scsi},
	{"sata", say_sata},
	{"virtio-serial", say_virtio_serial},
	{"nvme", say_nvme},
};

/* -global of the root's 64-bit window (qemuBuildGlobalControllerCommandLine) */
static void say_hole(struct lv_domain *d, const struct lv_device *c)
{
	const struct xml_node *hole = c->node ? xml_child(c->node, "pcihole64") : NULL;
	uint64_t kib;

	if (!lv_size(hole, &kib) || (d->board != LV_Q35 && d->board != LV_I440FX))
		return;
	say_option(d->t, "global", SAY_OPTS, lv_at(c->node), c->node);
	say_pair(d->t, "driver", d->board == LV_Q35 ? "q35-pcihost" : "i440FX-pcihost", 0,
		 lv_at(hole));
	say_pair(d->t, "property", "pci-hole64-size", 0, lv_at(hole));
	say_pair(d->t, "value", lv_printf(d, "%lluK", (unsigned long long)kib), 0, &hole->text_at);
	say_end(d->t);
}

static void say_root_hotplug(struct lv_domain *d, const struct lv_device *c)
{
	const struct xml_node *target = c->node ? xml_child(c->node, "target") : NULL;
	const char *hotplug = xml_value(target, "hotplug");

	if (hotplug && str_eq(c->model, "pci-root") && c->index == 0)
		say_plain(d->t, "global",
			  lv_printf(d, "PIIX4_PM.acpi-root-pci-hotplug=%s", hotplug), lv_at(target),
			  c->node);
}

void lv_say_controllers(struct lv_domain *d)
{
	const struct lv_device *c;

	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (str_eq(c->kind, "pci"))
			say_hole(d, c);
	}
	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (str_eq(c->kind, "pci"))
			say_root_hotplug(d, c);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)) && !d->t->err; n++) {
			if (str_eq(c->kind, kinds[i].kind))
				kinds[i].say(d, c);
		}
	}
}
