/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rewrite what limits the host's addresses, and ranges, outcomes and the aw-bits message follow.
 * What must follow is computed here from the registers (VT-d 4.1 chapter 11.4.2, AMD 48882
 * chapter 3.4; Linux 6.12 and 7.2), not by the library.
 */
#include "meta.h"

#define DEVICE "0000:00:05.0"

struct width_row {
	const char *name;
	const char *kernel;	/* NULL: 7.2 */
	unsigned mgaw, sagaw;	/* VT-d */
	unsigned va_size, hats; /* AMD, with mgaw 0 */
	unsigned cut;		/* from 2^cut on all is reserved; 0: nothing */
};

static const struct width_row rows[] = {
	{"39 bits, 3 levels", NULL, 39, 0x2, 0, 0, 0},
	{"39 bits, 4 levels", NULL, 39, 0x4, 0, 0, 0},
	{"42 bits", NULL, 42, 0x4, 0, 0, 0},
	{"46 bits", NULL, 46, 0x6, 0, 0, 0},
	{"48 bits", NULL, 48, 0x4, 0, 0, 0},
	{"48 bits, 3 levels", NULL, 48, 0x2, 0, 0, 0},
	{"57 bits, 4 levels", NULL, 57, 0x4, 0, 0, 0},
	{"57 bits, 5 levels", NULL, 57, 0xc, 0, 0, 0},
	{"6.12: 42 bits", "6.12", 42, 0x4, 0, 0, 0},
	{"6.12: 57 bits, 4 levels", "6.12", 57, 0x6, 0, 0, 0},
	{"48 bits, cut at 36", NULL, 48, 0x4, 0, 0, 36},
	{"48 bits, cut at 40", NULL, 48, 0x4, 0, 0, 40},
	{"48 bits, cut at 47", NULL, 48, 0x4, 0, 0, 47},
	{"39 bits, cut above", NULL, 39, 0x4, 0, 0, 45},
	{"AMD, no limit", NULL, 0, 0, 0, 2, 0},
	{"AMD, VAsize 40", NULL, 0, 0, 40, 2, 0},
	{"AMD, VAsize 48", NULL, 0, 0, 48, 2, 0},
	{"AMD, four levels", NULL, 0, 0, 0, 0, 0},
	{"AMD, five levels", NULL, 0, 0, 64, 1, 0},
	{"AMD, five levels, VAsize 40", NULL, 0, 0, 40, 1, 0},
	{"AMD, 6.12 ignores VAsize", "6.12", 0, 0, 40, 2, 0},
};

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned vtd_width(const struct width_row *row)
{
	if (row->kernel)
		return least(row->sagaw & 8 ? 57 : row->sagaw & 4 ? 48 : 39, row->mgaw);
	if (row->mgaw > 48 && row->sagaw >= 8)
		return least(57, row->mgaw);
	if (row->mgaw > 39 && row->sagaw >= 4)
		return least(48, row->mgaw);
	return least(39, row->mgaw);
}

static unsigned expected_width(const struct width_row *row)
{
	unsigned width;

	if (row->mgaw)
		width = vtd_width(row);
	else if (row->kernel)
		width = 64;
	else
		width = least(row->va_size ? row->va_size : 64, (row->hats + 3) * 9 + 21);
	return row->cut ? least(width, row->cut) : width;
}

/* IVinfo of the table, with its checksum (byte 9) made right again. */
static uint8_t *patched_ivrs(unsigned va_size, size_t *length)
{
	const char *table =
		members_bytes(meta_members("amd-pb48"), "/sys/firmware/acpi/tables/IVRS", length);
	uint8_t *ivrs = malloc(*length), sum = 0;
	uint32_t info;

	assert_non_null(table);
	memcpy(ivrs, table, *length);
	memcpy(&info, ivrs + 36, sizeof(info));
	info = (info & ~(0x7fu << 15)) | va_size << 15;
	memcpy(ivrs + 36, &info, sizeof(info));
	ivrs[9] = 0;
	for (size_t i = 0; i < *length; i++)
		sum = (uint8_t)(sum + ivrs[i]);
	ivrs[9] = (uint8_t)-sum;
	return ivrs;
}

static struct iof_host *load(const char *capture, const struct change *changes, size_t n,
			     const char *kernel)
{
	struct iof_host_options options = {.size = sizeof(options), .kernel = kernel};
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;

	if (members_host(ctx, meta_members(capture), changes, n, &options, &host))
		fail_msg("%s", iof_ctx_error(ctx));
	iof_ctx_unref(ctx);
	return host;
}

static struct iof_host *vtd_host(const struct width_row *row)
{
	struct buf cap = {0}, regions = {0};
	struct change changes[2];
	struct iof_host *host;

	buf_printf(&cap, "%llx\n",
		   UINT64_C(0x80d2008c22000006) | (unsigned long long)(row->mgaw - 1) << 16 |
			   row->sagaw << 8);
	buf_puts(&regions, "0x00000000fee00000 0x00000000feefffff msi\n");
	if (row->cut)
		buf_printf(&regions, "0x%llx 0xffffffffffffffff reserved\n", 1ull << row->cut);
	changes[0] = (struct change)TEXT("*/intel-iommu/cap", cap.data);
	changes[1] =
		(struct change)TEXT("/sys/kernel/iommu_groups/*/reserved_regions", regions.data);
	host = load("intel48-pb48", changes, 2, row->kernel);
	buf_free(&cap);
	buf_free(&regions);
	return host;
}

static struct iof_host *amd_host(const struct width_row *row)
{
	struct buf features = {0};
	struct change changes[2];
	struct iof_host *host;
	size_t length;
	uint8_t *ivrs = patched_ivrs(row->va_size, &length);

	buf_printf(&features, "%x:0\n", 0x21d3 | row->hats << 10);
	changes[0] = (struct change)TEXT("*/amd-iommu/features", features.data);
	changes[1] = (struct change){CHANGE_REPLACE, "/sys/firmware/acpi/tables/IVRS",
				     (const char *)ivrs, length};
	host = load("amd-pb48", changes, 2, row->kernel);
	buf_free(&features);
	free(ivrs);
	return host;
}

static struct iof_host *row_host(const struct width_row *row)
{
	return row->mgaw ? vtd_host(row) : amd_host(row);
}

/* ---- what a narrower host does to a cell ---- */

static struct {
	struct iof_host *host, *wide;
	unsigned width;
	bool is_amd;
	unsigned n_too_wide; /* cells that this host is too narrow for */
} now;

static unsigned version_of(const char *text)
{
	unsigned major = 0, minor = 0;

	sscanf(text, "%u.%u", &major, &minor);
	return 100 * major + minor;
}

/* hw/i386/intel_iommu.c: 39 up to 9.2, then 48; pc_compat_9_1 keeps 39. */
static unsigned viommu_width(const struct cell *cell)
{
	const char *given = cell->argv[cell_option(cell, "-device", 0)];
	const char *at = strstr(given, "aw-bits=");
	const char *machine = cell->argv[cell_option(cell, "-machine", 0)];

	if (at)
		return (unsigned)strtoul(at + strlen("aw-bits="), NULL, 0);
	if (version_of(cell->qemu) < 1000)
		return 39;
	return str_starts(machine, "pc-q35-") && version_of(machine + strlen("pc-q35-")) <= 901
		       ? 39
		       : 48;
}

/* The vIOMMU first, so that it translates the device. */
static bool is_behind_intel(const struct cell *cell)
{
	size_t first = cell_option(cell, "-device", 0);

	return first && str_starts(cell->argv[first], "intel-iommu") && has_text(cell, DEVICE) &&
	       !has_text(cell, "bypass") && !has_text(cell, "-global");
}

static bool is_other(const struct cell *cell)
{
	return has_text(cell, DEVICE) && !has_text(cell, "intel-iommu") &&
	       !has_text(cell, "virtio-iommu") && !has_text(cell, "bypass");
}

static bool is_behind_virtio(const struct cell *cell)
{
	return has_text(cell, DEVICE) && has_text(cell, "virtio-iommu") &&
	       version_of(cell->qemu) >= 802;
}

static const char *number_after(const char *text, const char *label)
{
	return strstr(text, label) + strlen(label);
}

static int outcome_in(const char *text, const char *label)
{
	return atoi(number_after(text, label));
}

/* Cold: the start fails; plugged: the device is refused; before 9.1: nobody looks, and DMA above is
 * lost. */
static void expect_too_wide(const struct cell *cell, const char *wide, const char *got,
			    unsigned bits)
{
	bool is_plug = cell->plug != NULL;
	struct buf message = {0};

	now.n_too_wide++;
	buf_printf(&message,
		   "%s: vfio " DEVICE ": Failed to set %s: aw-bits %u > host aw-bits %u\n",
		   is_plug ? "plug" : "start",
		   version_of(cell->qemu) >= 1000 ? "vIOMMU" : "iommu_device", bits, now.width);
	if (version_of(cell->qemu) < 901) {
		expect_same(cell, "start", starts(wide) ? "starts" : "fails",
			    starts(got) ? "starts" : "fails");
		assert_int_equal(outcome_in(got, "plug "), outcome_in(wide, "plug "));
		if (outcome_in(wide, "run ") == IOF_OUTCOME_WORKS &&
		    !has_text(cell, "dma-translation=off"))
			assert_int_equal(outcome_in(got, "run "), IOF_OUTCOME_DEGRADED);
	} else {
		if (!strstr(got, message.data))
			expect_same(cell, now.is_amd ? "too wide for AMD-Vi" : "too wide for VT-d",
				    message.data, got);
		assert_int_equal(outcome_in(got, is_plug ? "plug " : "start "),
				 is_plug ? IOF_OUTCOME_REFUSED : IOF_OUTCOME_FAILS);
	}
	buf_free(&message);
}

static bool is_good(const struct cell *cell, const char *text)
{
	return starts(text) && (!cell->plug || outcome_in(text, "plug ") == IOF_OUTCOME_ACCEPTED);
}

/* What a virtio-iommu tells the guest of the host's width changes nothing; whether iommufd can map
 * BARs goes by the kernel, which is not the same in all rows. */
static char *width_answer(struct iof_host *host, const struct cell *cell)
{
	static const char *const others[] = {"rule virtio.width-told\n",
					     "rule map.bar-not-pinned\n",
					     "run: ",
					     "rule vfio.no-dma-buf\n",
					     "start: warning: VFIO dma-buf not supported",
					     "plug: warning: VFIO dma-buf not supported"};
	char *text = answer(host, cell);

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		char *at, *end;

		while ((at = strstr(text, others[i])) && (end = strchr(at, '\n')))
			memmove(at, end + 1, strlen(end + 1) + 1);
	}
	return text;
}

static void compare_intel(const struct cell *cell)
{
	char *wide = width_answer(now.wide, cell), *got = width_answer(now.host, cell);
	unsigned bits = viommu_width(cell);

	if (bits <= now.width)
		expect_same(cell, "wide enough", wide, got);
	else if (is_good(cell, wide))
		expect_too_wide(cell, wide, got, bits);
	else
		assert_false(is_good(cell, got));
	free(wide);
	free(got);
}

/* Neither no vIOMMU nor amd-iommu nor virtio-iommu has a width that QEMU compares. */
static void compare_other(const struct cell *cell)
{
	char *wide = width_answer(now.wide, cell), *got = width_answer(now.host, cell);

	expect_same(cell, "no width is compared", wide, got);
	free(wide);
	free(got);
}

/* The MSI window is no memory; below the top there is nothing else that is not usable but AMD's
 * HyperTransport hole. */
static void expect_ranges(const struct iof_host *host, bool is_amd, unsigned width)
{
	const struct iof_device *device = iof_host_device(host, DEVICE);
	uint64_t last = width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
	const struct iof_range hole = {0xfd00000000, 0xffffffffff};
	const struct iof_range *ranges;
	enum iof_provenance provenance;
	unsigned bits;
	size_t n;

	assert_int_equal(iof_device_width(device, &bits, &provenance), 0);
	assert_int_equal(bits, is_amd && width == 40 ? 40 : width);
	assert_int_equal(iof_device_ranges(device, &ranges, &n), 0);
	assert_int_equal(ranges[0].first, 0);
	assert_int_equal(ranges[0].last, 0xfedfffff);
	assert_int_equal(ranges[1].first, 0xfef00000);
	if (is_amd && last > hole.first) {
		assert_int_equal(ranges[1].last, hole.first - 1);
		assert_int_equal(n, last > hole.last ? 3 : 2);
		if (n == 3)
			assert_int_equal(ranges[2].first, hole.last + 1);
	} else {
		assert_int_equal(n, 2);
	}
	if (!is_amd || last > hole.last)
		assert_int_equal(ranges[n - 1].last, last);
}

static void test_width(void **state)
{
	static const struct width_row vtd_wide = {"", NULL, 57, 0xc, 0, 0, 0},
				      amd_wide = {"", NULL, 0, 0, 0, 2, 0};
	const struct width_row *row = *state;

	now.is_amd = !row->mgaw;
	now.host = row_host(row);
	now.wide = row_host(now.is_amd ? &amd_wide : &vtd_wide);
	now.width = expected_width(row);
	now.n_too_wide = 0;
	expect_ranges(now.host, now.is_amd, now.width);
	for_cells(300, 1000, is_behind_intel, compare_intel);
	assert_int_equal(now.n_too_wide > 0, now.width < 48);
	for_cells(40, 500, is_other, compare_other);
	/* AMD's page sizes depend on its levels */
	if (!now.is_amd)
		for_cells(40, 500, is_behind_virtio, compare_other);
	iof_host_unref(now.host);
	iof_host_unref(now.wide);
}

/* ---- wider is never worse, nor is a narrower vIOMMU ---- */

static void compare_with_wider(const struct cell *cell)
{
	static const unsigned mgaw[] = {39, 42, 46, 48, 57};
	static struct iof_host *hosts[ARRAY_SIZE(mgaw)];
	bool was_good = false;

	if (!cell) {
		for (size_t i = 0; i < ARRAY_SIZE(mgaw); i++)
			hosts[i] = iof_host_unref(hosts[i]);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(mgaw); i++) {
		struct width_row row = {"", NULL, mgaw[i], mgaw[i] == 57 ? 0xc : 0x4, 0, 0, 0};
		char *text;

		if (!hosts[i])
			hosts[i] = vtd_host(&row);
		text = answer(hosts[i], cell);
		if (was_good && !is_good(cell, text))
			expect_same(cell, "a wider host is worse", "good", text);
		was_good = is_good(cell, text);
		free(text);
	}
}

static bool has_48_bits(const struct cell *cell)
{
	return is_behind_intel(cell) && has_text(cell, "aw-bits=48") &&
	       !has_text(cell, "x-flts=on") && !has_text(cell, "fsts=on");
}

static void compare_with_39_bits(const struct cell *cell)
{
	struct iof_host *host = meta_host(cell->host);
	struct cell *narrow = cell_copy(cell);
	char *before = answer(host, cell), *after;

	cell_substitute(narrow, "aw-bits=48", "aw-bits=39");
	after = answer(host, narrow);
	if (is_good(cell, before))
		expect_same(narrow, "39 bits are worse than 48", "good",
			    is_good(narrow, after) ? "good" : after);
	free(before);
	free(after);
	cell_free(narrow);
}

static void test_wider(void **state)
{
	(void)state;
	for_cells(400, 1000, is_behind_intel, compare_with_wider);
	compare_with_wider(NULL);
}

static void test_narrower(void **state)
{
	(void)state;
	for_cells(300, 100, has_48_bits, compare_with_39_bits);
}

int run_widths(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_wider),
					   cmocka_unit_test(test_narrower)};

	return RUN_TABLE(rows, test_width) +
	       cmocka_run_group_tests_name("wider and narrower", tests, NULL, NULL);
}
