// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * capture_config.c - PCI configuration space without what tells one machine from another. Registers
 * and capabilities: PCI Express Base 6.0, chapter 7.
 */
#include <errno.h>

#include "host/capture.h"

#define HEADER_SIZE 64u
#define EXTENDED_START 0x100u
#define MAX_CONFIG_SIZE 4096u
#define CAPABILITY_LIST 0x10u /* in the status register */

/* Capabilities that matter here, and how many of their bytes. Of all others (VPD 0x03, the device
 * serial number 0x0003, vendor-specific ones) only the id and the link to the next are kept. PCI
 * Express Base 6.0, chapter 7. */
static const struct capability {
	unsigned id;
	unsigned size;
} capabilities[] =
	{
		{0x01, 8},  /* power management */
		{0x05, 4},  /* MSI: control only */
		{0x10, 60}, /* PCI Express */
		{0x11, 12}, /* MSI-X */
		{0x13, 6},  /* advanced features */
},
  extended_capabilities[] = {
	  {0x000d, 8},	/* ACS */
	  {0x000e, 8},	/* ARI */
	  {0x000f, 8},	/* ATS */
	  {0x0010, 64}, /* SR-IOV */
	  {0x0013, 16}, /* PRI */
	  {0x0015, 52}, /* resizable BARs */
	  {0x001b, 8},	/* PASID */
	  {0x0024, 52}, /* VF resizable BARs */
};

static void copy_part(unsigned char *to, const unsigned char *from, size_t length, size_t offset,
		      size_t n)
{
	if (offset < length)
		memcpy(to + offset, from + offset, n < length - offset ? n : length - offset);
}

static size_t capability_size(const struct capability *table, size_t n, unsigned id, size_t least)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (table[i].id == id)
			return table[i].size;
	}
	return least;
}

static void keep_capabilities(unsigned char *to, const unsigned char *from, size_t length)
{
	size_t at = from[0x34] & 0xfcu;
	unsigned left = 48; /* as many as fit: a cyclic list ends */

	if (!(from[0x06] & CAPABILITY_LIST))
		return;
	while (at >= HEADER_SIZE && at + 2 <= length && at < EXTENDED_START && left--) {
		size_t n = capability_size(capabilities, ARRAY_SIZE(capabilities), from[at], 2);

		copy_part(to, from, length < EXTENDED_START ? length : EXTENDED_START, at, n);
		at = from[at + 1] & 0xfcu;
	}
}

static void keep_extended(unsigned char *to, const unsigned char *from, size_t length)
{
	size_t at = EXTENDED_START;
	unsigned left = (MAX_CONFIG_SIZE - EXTENDED_START) / 8;

	while (at >= EXTENDED_START && at + 4 <= length && left--) {
		unsigned id = from[at] | (unsigned)from[at + 1] << 8;
		size_t n = capability_size(extended_capabilities, ARRAY_SIZE(extended_capabilities),
					   id, 4);

		copy_part(to, from, length, at, n);
		at = ((size_t)from[at + 3] << 4 | from[at + 2] >> 4) & 0xffcu;
	}
}

int config_space_known(struct arena *arena, const char *bytes, size_t length, const char **out,
		       size_t *out_length)
{
	const unsigned char *from = (const unsigned char *)bytes;
	unsigned char *to;

	if (length > MAX_CONFIG_SIZE)
		length = MAX_CONFIG_SIZE;
	to = arena_alloc(arena, length + 1);
	if (!to)
		return -ENOMEM;
	copy_part(to, from, length, 0, HEADER_SIZE);
	if (length > HEADER_SIZE)
		keep_capabilities(to, from, length);
	if (length > EXTENDED_START)
		keep_extended(to, from, length);
	*out = (const char *)to;
	*out_length = length;
	return 0;
}
