// SPDX-License-Identifier: LGPL-2.1-or-later
/* check_os.c - what libvirt refuses about firmware, its settings and NUMA. */
#include "vm/libvirt/say.h"

#define V(major, minor) LIBVIRT_VERSION(major, minor, 0)
#define UNSUPPORTED "unsupported configuration: "

static bool is_x86(const struct lv_domain *d)
{
	return str_eq(d->arch, "x86_64") || str_eq(d->arch, "i686");
}

static void check_uefi_acpi(struct lv_domain *d)
{
	const struct xml_node *os = xml_child(d->root, "os");
	struct lv_cure acpi = {LV_CURE_SET, d->root, "features/acpi", NULL, NULL, NULL};

	if (is_x86(d) && lv_has_uefi(d) && !d->has_acpi)
		lv_cure(d,
			lv_refuse(d, lv_at(os),
				  UNSUPPORTED "UEFI requires ACPI on this architecture"),
			&acpi);
	else if (str_eq(d->arch, "aarch64") && d->has_acpi && !lv_has_uefi(d))
		lv_refuse(d, lv_at(xml_path(d->root, "features/acpi")),
			  UNSUPPORTED "ACPI requires UEFI on this architecture");
}

/* QEMU keeps these for itself. */
static void check_fw_cfg(struct lv_domain *d)
{
	for (const struct xml_node *s = xml_child(d->root, "sysinfo"); s; s = xml_sibling(s)) {
		const char *type = xml_value(s, "type");

		for (const struct xml_node *e = xml_child(s, "entry"); e; e = xml_sibling(e)) {
			const char *name = xml_value(e, "name");

			if (!type || !str_eq(type, "fwcfg") || !name)
				continue;
			if (!str_starts(name, "opt/"))
				lv_refuse(d, &e->at, UNSUPPORTED "Invalid firmware name");
			else if (str_starts(name, "opt/ovmf/") || str_starts(name, "opt/org.qemu/"))
				lv_refuse(d, &e->at, UNSUPPORTED "That firmware name is reserved");
		}
	}
}

static bool is_word(const struct xml_node *node, const char *attribute, const char *word)
{
	const char *value = xml_value(node, attribute);

	return value && str_eq(value, word);
}

/* virDomainDefOSValidate() */
static void check_variables(struct lv_domain *d)
{
	const struct xml_node *os = xml_child(d->root, "os"), *loader = xml_path(os, "loader");
	const struct xml_node *nvram = xml_path(os, "nvram");
	bool is_new = d->version >= V(12, 1);
	const char *text = NULL;

	if (!nvram)
		return;
	if (is_word(os, "firmware", "bios"))
		text = is_new ? "Firmware type 'bios' does not support variable storage "
				"(NVRAM/varstore)"
			      : "firmware type 'bios' does not support nvram";
	else if (is_word(loader, "stateless", "yes"))
		text = is_new ? "Variable storage (NVRAM/varstore) is not permitted when loader is "
				"stateless"
		       : xml_value(nvram, "template")
			       ? "NVRAM template is not permitted when loader is stateless"
			       : "NVRAM is not permitted when loader is stateless";
	else if (is_word(loader, "readonly", "no") && is_new)
		text = "Variable storage (NVRAM/varstore) is not permitted when loader is "
		       "read/write";
	if (text)
		lv_cure_remove(d, lv_refuse(d, &nvram->at, "%s", text), nvram);
}

void lv_check_os(struct lv_domain *d)
{
	check_variables(d);
	check_uefi_acpi(d);
	check_fw_cfg(d);
}

/* ---- NUMA ---- */

static void check_cells(struct lv_domain *d, const struct xml_node *numa)
{
	uint64_t seen = 0, count = 0, id;

	for (const struct xml_node *c = xml_child(numa, "cell"); c; c = xml_sibling(c), count++) {
		if (!lv_number(xml_value(c, "id"), UINT16_MAX, &id))
			id = count;
		if (id < 64)
			seen |= 1ull << id;
	}
	if (count < 64 && seen != (1ull << count) - 1)
		lv_refuse(d, &numa->at,
			  "XML error: Exactly one 'cell' element per guest NUMA cell allowed, "
			  "non-contiguous ranges or ranges not starting from 0 are not allowed");
}

/* "0-1,3": the highest number; -1: none */
static int highest(const char *set)
{
	int last = -1;

	while (set && *set) {
		size_t n = strspn(set, "0123456789");
		uint64_t number;

		if (n && parse_u64n(set, n, 10, UINT16_MAX, &number) == 0 && (int)number > last)
			last = (int)number;
		set += n + (set[n] != '\0');
	}
	return last;
}

static void check_pages(struct lv_domain *d)
{
	const struct xml_node *huge = xml_path(d->root, "memoryBacking/hugepages");

	for (const struct xml_node *p = huge ? xml_child(huge, "page") : NULL; p;
	     p = xml_sibling(p)) {
		int last = highest(xml_value(p, "nodeset"));

		if (last >= (int)d->numa_nodes)
			lv_refuse(d, &p->at, "hugepages: node %d not found", last);
	}
}

/* A whole domain has a name; what has none is taken for a part of one. */
void lv_check_size(struct lv_domain *d)
{
	if (!d->memory && xml_child(d->root, "name"))
		lv_refuse(d, &d->root->at,
			  "XML error: Memory size must be specified via <memory> or in the <numa> "
			  "configuration");
}

/* What libvirt sees while it reads. */
void lv_check_cells(struct lv_domain *d)
{
	static const char *const accesses[] = {"shared", "private", NULL};
	const struct xml_node *numa = xml_path(d->root, "cpu/numa");
	const struct xml_node *tune = xml_path(d->root, "numatune/memnode");

	for (const struct xml_node *c = numa ? xml_child(numa, "cell") : NULL; c;
	     c = xml_sibling(c))
		lv_check_word(d, c, "memAccess", accesses);
	if (numa)
		check_cells(d, numa);
	if (tune && !(numa && xml_child(numa, "cell")))
		lv_refuse(d, &tune->at,
			  "XML error: Element 'memnode' is invalid without any guest NUMA cells");
}

void lv_check_numa(struct lv_domain *d)
{
	check_pages(d);
}
