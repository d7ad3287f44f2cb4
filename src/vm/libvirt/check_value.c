// SPDX-License-Identifier: LGPL-2.1-or-later
/* check_value.c - single values that libvirt does not read. */
#include "vm/libvirt/say.h"

void lv_invalid_value(struct lv_domain *d, const struct xml_node *node,
		      const struct xml_attribute *a, const char *expected)
{
	struct remark *remark = lv_refuse(
		d, &a->at, "XML error: Invalid value for attribute '%s' in element '%s': '%s'.%s",
		a->name, node->name, a->value, expected);

	lv_cure_unset(d, remark, node, a->name);
}

/* virPCIDeviceAddressIsValid() */
void lv_check_pci_parts(struct lv_domain *d, const struct xml_node *address)
{
	static const struct {
		const char *name;
		uint64_t max;
	} parts[] = {{"bus", 0xff}, {"slot", 0x1f}, {"function", 7}};

	for (size_t i = 0; address && i < ARRAY_SIZE(parts); i++) {
		const struct xml_attribute *a = xml_attribute(address, parts[i].name);
		uint64_t n;

		if (!a)
			continue;
		if (!lv_number(a->value, UINT32_MAX, &n))
			lv_invalid_value(d, address, a, " Expected non-negative integer value");
		else if (n > parts[i].max && i == 0)
			lv_refuse(d, &a->at,
				  "XML error: Invalid PCI address bus='0x%x', must be <= 0xFF",
				  (unsigned)n);
		else if (n > parts[i].max && i == 1)
			lv_refuse(d, &a->at,
				  "XML error: Invalid PCI address slot='0x%x', must be <= 0x1F",
				  (unsigned)n);
		else if (n > parts[i].max)
			lv_refuse(d, &a->at,
				  "XML error: Invalid PCI address function=0x%x, must be <= 7",
				  (unsigned)n);
	}
}

static bool is_one_of(const char *value, const char *const *list)
{
	for (; *list; list++) {
		if (str_eq(value, *list))
			return true;
	}
	return false;
}

void lv_check_word(struct lv_domain *d, const struct xml_node *node, const char *name,
		   const char *const *words)
{
	const struct xml_attribute *a = node ? xml_attribute(node, name) : NULL;

	if (a && !is_one_of(a->value, words))
		lv_invalid_value(d, node, a, "");
}

void lv_check_number(struct lv_domain *d, const struct xml_node *node, const char *name,
		     uint64_t max)
{
	const struct xml_attribute *a = node ? xml_attribute(node, name) : NULL;
	uint64_t n;

	if (a && !lv_number(a->value, max, &n))
		lv_invalid_value(d, node, a, " Expected non-negative integer value");
}

const char *const lv_switches[] = {"on", "off", NULL};
const char *const lv_bools[] = {"yes", "no", NULL};
