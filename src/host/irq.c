// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * irq.c - whether devices' interrupts are isolated from each other: interrupt remapping on x86, an
 * ITS on Arm. VFIO refuses devices without it unless unsafe interrupts are allowed.
 */
#include "host/loader.h"
#include "host/vtd.h"

#include <ctype.h>
#include <errno.h>

/* How an interrupt controller's name shows it; the first that fits decides. */
static const struct {
	const char *name;
	enum tristate isolated;
} chips[] = {
	{"IR-", TRI_YES},    {"ITS-", TRI_YES},	  {"DMAR-MSI", TRI_UNKNOWN}, {"GICv2m", TRI_NO},
	{"IO-APIC", TRI_NO}, {"PCI-MSI", TRI_NO}, {"PCI-MSIX", TRI_NO},
};

static enum tristate chip_says(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(chips); i++) {
		size_t n = strlen(chips[i].name);

		if (length >= n && memcmp(name, chips[i].name, n) == 0)
			return chips[i].isolated;
	}
	return TRI_UNKNOWN;
}

/* Cheap on any machine, unlike /proc/interrupts: legacy interrupts always have a controller. */
static int ask_legacy_irqs(struct loader *load, enum tristate *out)
{
	static const char *const paths[] = {
		"/sys/kernel/irq/9/chip_name", "/sys/kernel/irq/0/chip_name",
		"/sys/kernel/irq/8/chip_name", "/sys/kernel/irq/4/chip_name",
		"/sys/kernel/irq/1/chip_name"};

	for (size_t i = 0; *out == TRI_UNKNOWN && i < ARRAY_SIZE(paths); i++) {
		const char *text;
		int err = fact_line(load, load->scratch, paths[i], &text);

		if (!err)
			*out = chip_says(text, strlen(text));
		else if (fact_optional(err))
			return err;
	}
	return 0;
}

/* "  24:    0    7  IR-PCI-MSIX-0000:00:0c.0    0-edge      PCIe bwctrl": the name after the
 * counts. */
static enum tristate line_says(const char *line, size_t length)
{
	const char *at = memchr(line, ':', length), *end = line + length, *name;

	if (!at)
		return TRI_UNKNOWN;
	for (at++; at < end; at = name) {
		while (at < end && isspace((unsigned char)*at))
			at++;
		for (name = at; name < end && !isspace((unsigned char)*name); name++)
			;
		if (at < end && !isdigit((unsigned char)*at))
			break;
	}
	if (at >= end)
		return TRI_UNKNOWN;
	/* AMD's own interrupt is never remapped. */
	if (memmem(at, (size_t)(end - at), "AMD-Vi", 6))
		return TRI_UNKNOWN;
	return chip_says(at, (size_t)(end - at));
}

/* One remapped interrupt is proof; a plain one is proof of the contrary only if there is no
 * remapped one. */
static int ask_interrupts(struct loader *load, enum tristate *out)
{
	const char *text, *cursor, *line;
	size_t length, n;
	int err = fact_read(load, load->texts, "/proc/interrupts", FACT_TEXT, &text, &length);

	if (err)
		return fact_optional(err);
	cursor = text;
	while (*out != TRI_YES && next_line(&cursor, text + length, &line, &n)) {
		enum tristate says = line_says(line, n);

		if (says != TRI_UNKNOWN)
			*out = says;
	}
	return 0;
}

static int ask_log(struct loader *load, enum tristate *out)
{
	static const char *const proofs[] = {"DMAR-IR: Enabled IRQ remapping",
					     "AMD-Vi: Interrupt remapping enabled", "ITS [mem "};
	const char *text;
	size_t length;
	int err = log_text(load, &text, &length);

	for (size_t i = 0; !err && i < ARRAY_SIZE(proofs); i++)
		if (log_has(text, length, proofs[i]))
			*out = TRI_YES;
	return err;
}

/* Registers can only rule it out: whether it is used, the kernel decides. */
static enum tristate registers_say(const struct iof_host *host)
{
	if (cmdline_has(host->cmdline, "nointremap") ||
	    cmdline_last(host->cmdline, "intremap", "off", "on") == 1)
		return TRI_NO;
	for (size_t i = 0; i < host->n_units; i++)
		if (host->units[i].has_ecap && !vtd_interrupt_remapping(host->units[i].ecap))
			return TRI_NO;
	return host->iommu == IOF_IOMMU_VIRTIO && !host->cpu.is_arm ? TRI_NO : TRI_UNKNOWN;
}

int load_interrupt_remapping(struct loader *load)
{
	enum tristate found = TRI_UNKNOWN;
	int err = 0;

	if (!load->host->cpu.is_arm)
		err = ask_legacy_irqs(load, &found);
	if (!err && found == TRI_UNKNOWN)
		err = ask_interrupts(load, &found);
	if (!err && found == TRI_UNKNOWN)
		err = ask_log(load, &found);
	if (!err && found == TRI_UNKNOWN)
		found = registers_say(load->host);
	load->host->interrupt_remapping = found;
	return err;
}
