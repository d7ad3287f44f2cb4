/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions that a board has by itself, and those that it gets without -nodefaults: a display
 * and network cards, which take the first free slots (hw/i386/pc.c pc_vga_init, pc_nic_init;
 * system/vl.c default_list).
 */
#include "vmm/machine.h"

static const struct {
	enum machine_family family;
	unsigned slot, function;
	const char *name;    /* QEMU's type name */
	const char *switch_; /* machine property that takes it away, or brings it; NULL: neither */
	bool is_extra;	     /* only there if the property is on */
} board_functions[] = {
	{MACHINE_Q35, 0, 0, "mch", NULL, false},
	{MACHINE_Q35, 29, 0, "ich9-usb-uhci1", "usb", true},
	{MACHINE_Q35, 29, 1, "ich9-usb-uhci2", "usb", true},
	{MACHINE_Q35, 29, 2, "ich9-usb-uhci3", "usb", true},
	{MACHINE_Q35, 29, 7, "ich9-usb-ehci1", "usb", true},
	{MACHINE_Q35, 31, 0, "ICH9-LPC", NULL, false},
	{MACHINE_Q35, 31, 2, "ich9-ahci", "sata", false},
	{MACHINE_Q35, 31, 3, "ICH9-SMB", "smbus", false},
	{MACHINE_I440FX, 0, 0, "i440FX", NULL, false},
	{MACHINE_I440FX, 1, 0, "PIIX3", NULL, false},
	{MACHINE_I440FX, 1, 1, "piix3-ide", NULL, false},
	{MACHINE_I440FX, 1, 2, "piix3-usb-uhci", "usb", true},
	{MACHINE_I440FX, 1, 3, "PIIX4_PM", NULL, false},
	{MACHINE_VIRT, 0, 0, "gpex-root", NULL, false},
};

/* -vga MODEL */
static const struct {
	const char *name, *driver;
} displays[] = {
	{"std", "VGA"},	    {"cirrus", "cirrus-vga"}, {"vmware", "vmware-svga"},
	{"qxl", "qxl-vga"}, {"virtio", "virtio-vga"},
};

/* A -device of these stands for the default display. */
static const char *const display_drivers[] = {
	"VGA",	   "isa-vga",	 "cirrus-vga",	  "isa-cirrus-vga", "vmware-svga",
	"qxl-vga", "virtio-vga", "virtio-vga-gl", "ati-vga",	    "vhost-user-vga",
};

static bool is_there(const struct iof_machine *m, const char *property, bool is_extra)
{
	return property ? machine_flag(m, property, !is_extra) : !is_extra;
}

static void take_first_free(const struct iof_machine *m, struct machine_bus *bus,
			    const char *driver)
{
	if (m->type.family != MACHINE_Q35 && m->type.family != MACHINE_I440FX &&
	    m->type.family != MACHINE_VIRT)
		return;
	for (unsigned slot = 0; slot < 32; slot++) {
		if (bus->occupant[slot << 3])
			continue;
		bus->occupant[slot << 3] = driver;
		return;
	}
}

static bool has_display_device(const struct iof_machine *m)
{
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const char *driver = option->kind == OPTION_DEVICE || option->kind == OPTION_GLOBAL
					     ? option_value(option, "driver")
					     : NULL;

		for (size_t k = 0; driver && k < ARRAY_SIZE(display_drivers); k++) {
			if (str_eq(driver, display_drivers[k]))
				return true;
		}
	}
	return false;
}

/* NULL: none. -nographic and -display say where it is shown, not whether it is there. */
static const char *display(const struct iof_machine *m)
{
	const struct vm_option *option, *asked = NULL;

	for (size_t n = 0; (option = vm_option_nth(m->vm, OPTION_VGA, n)); n++) {
		if (str_eq(option->name, "vga"))
			asked = option;
	}
	for (size_t i = 0; asked && asked->text && i < ARRAY_SIZE(displays); i++) {
		if (str_eq(asked->text, displays[i].name))
			return displays[i].driver;
	}
	return asked || m->nodefaults || has_display_device(m) ? NULL : "VGA";
}

static const char *default_card(const struct iof_machine *m)
{
	if (m->type.family == MACHINE_VIRT)
		return "virtio-net-pci";
	return m->type.family == MACHINE_Q35 ? "e1000e" : "e1000";
}

/* The model of "-nic TYPE,model=M" or "-net nic,model=M"; NULL: this option makes no card. */
static const char *card_of(const struct iof_machine *m, const struct vm_option *option)
{
	const char *text = option->text ? option->text : "", *model;
	bool is_card = str_eq(option->name, "nic")   ? !str_starts(text, "none")
		       : str_eq(option->name, "net") ? str_starts(text, "nic")
						     : false;
	size_t length;

	if (!is_card)
		return NULL;
	model = strstr(text, "model=");
	if (!model)
		return default_card(m);
	model += strlen("model=");
	length = strcspn(model, ",");
	if (length == strlen("virtio") && str_starts(model, "virtio"))
		return "virtio-net-pci";
	return arena_strndup(m->arena, model, length);
}

static void add_cards(const struct iof_machine *m, struct machine_bus *bus)
{
	const struct vm_option *option;
	size_t n;

	for (n = 0; (option = vm_option_nth(m->vm, OPTION_NET, n)); n++) {
		const char *driver = card_of(m, option);

		if (driver)
			take_first_free(m, bus, driver);
	}
	if (n == 0 && !m->nodefaults)
		take_first_free(m, bus, default_card(m));
}

void topology_add_board(const struct iof_machine *m, struct machine_bus *bus)
{
	const char *driver;

	for (size_t i = 0; i < ARRAY_SIZE(board_functions); i++) {
		unsigned slot = board_functions[i].slot;

		if (board_functions[i].family != m->type.family ||
		    !is_there(m, board_functions[i].switch_, board_functions[i].is_extra))
			continue;
		bus->occupant[slot << 3 | board_functions[i].function] = board_functions[i].name;
		bus->is_multifunction[slot] =
			slot >= 29 || (slot == 1 && m->type.family == MACHINE_I440FX);
	}
	driver = m->type.family == MACHINE_VIRT ? NULL : display(m); /* virt has none */
	if (driver)
		take_first_free(m, bus, driver);
	add_cards(m, bus);
}

void topology_add_drives(const struct iof_machine *m)
{
	struct machine_bus *bus = topology_default(m);
	const struct vm_option *option;

	for (size_t n = 0; bus && (option = vm_option_nth(m->vm, OPTION_DRIVE, n)); n++) {
		const char *interface = option_value(option, "if");

		if (interface && str_eq(interface, "virtio"))
			take_first_free(m, bus, "virtio-blk-pci");
	}
}
