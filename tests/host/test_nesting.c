/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an accelerated vIOMMU needs of the host, and SMMUv2's widths: as Linux would have it. */
#include "../captures.h"
#include "groups.h"
#include "host/acpi_iort.h"
#include "members.h"

#include <errno.h>

#define DEVICE "0000:00:05.0"
#define LOG(features) "arm-smmu-v3 arm-smmu-v3.0.auto: oas 44-bit (features " features ")\n"
/* Both stages, coherent, nesting; S2FWB is bit 23. */
#define NESTING LOG("0x00088705")
#define FWB LOG("0x00888705")

/* IDR0 to 5, IIDR and AIDR as little-endian words behind flags and a reserved word. */
#define HW(idr3, iidr)                                                                             \
	"{\"schema\":\"iommufit.measured/1\",\"devices\":[{\"bdf\":\"0000:00:05.0\",\"hw_info\":"  \
	"{\"type\":2,\"data\":\"0000000000000000"                                                  \
	"1b10440d1000730200000000" idr3 "0000000074000000" iidr "01000000\"}}]}"
#define NO_FWB "14140000"
#define WITH_FWB "14150000"
#define VIOMMU(errno)                                                                              \
	"{\"schema\":\"iommufit.measured/1\",\"devices\":[{\"bdf\":\"0000:00:05.0\",\"viommu\":"   \
	"{\"errno\":" errno "}}]}"

struct viommu_row {
	const char *name;
	const char *capture;
	const char *log;      /* NULL: none */
	const char *measured; /* NULL: not asked */
	const char *version;  /* NULL: 7.2 of the capture */
	bool canwbs;	      /* the root complex has it */
	enum tristate nest, viommu;
};

static const struct viommu_row viommu_rows[] = {
	{"neither S2FWB nor CANWBS", "arm-smmu", NESTING, NULL, NULL, false, TRI_YES, TRI_NO},
	{"S2FWB", "arm-smmu", FWB, NULL, NULL, false, TRI_YES, TRI_YES},
	{"CANWBS", "arm-smmu", NESTING, NULL, NULL, true, TRI_YES, TRI_YES},
	{"device tree", "arm-smmu-dt", NULL, HW(NO_FWB, "00000000"), NULL, false, TRI_YES, TRI_NO},
	{"device tree, S2FWB", "arm-smmu-dt", NULL, HW(WITH_FWB, "00000000"), NULL, false, TRI_YES,
	 TRI_YES},
	{"no nesting", "arm-smmu", LOG("0x00808305"), NULL, NULL, true, TRI_NO, TRI_NO},
	{"both stages, but an erratum", "arm-smmu", LOG("0x00808705"), NULL, NULL, true, TRI_NO,
	 TRI_NO},
	{"a driver before it knew of errata", "arm-smmu", LOG("0x00008705"), NULL, "6.1", true,
	 TRI_NO, TRI_NO},
	{"nobody said", "arm-smmu", NULL, NULL, NULL, true, TRI_UNKNOWN, TRI_UNKNOWN},
	{"registers with S2FWB", "arm-smmu", NULL, HW(WITH_FWB, "00000000"), NULL, false, TRI_YES,
	 TRI_YES},
	{"registers without", "arm-smmu", NULL, HW(NO_FWB, "00000000"), NULL, false, TRI_YES,
	 TRI_NO},
	{"registers with S2FWB, which 6.13 may not look at", "arm-smmu", NULL,
	 HW(WITH_FWB, "00000000"), "6.13", false, TRI_YES, TRI_UNKNOWN},
	{"6.12 has no vIOMMU objects", "arm-smmu", FWB, NULL, "6.12", true, TRI_NO, TRI_NO},
	{"MMU-600 r1", "arm-smmu", NULL, HW(WITH_FWB, "3b043148"), NULL, false, TRI_NO, TRI_NO},
	{"MMU-600 r2", "arm-smmu", NULL, HW(WITH_FWB, "3b043248"), NULL, false, TRI_YES, TRI_YES},
	{"MMU-700 r1p0", "arm-smmu", NULL, HW(WITH_FWB, "3b047148"), NULL, false, TRI_NO, TRI_NO},
	{"MMU-700 r1p1", "arm-smmu", NULL, HW(WITH_FWB, "3b147148"), NULL, false, TRI_YES, TRI_YES},
	{"another maker's product of that number", "arm-smmu", NULL, HW(WITH_FWB, "36043148"), NULL,
	 false, TRI_YES, TRI_YES},
	{"the kernel made one", "arm-smmu", NESTING, VIOMMU("0"), NULL, false, TRI_YES, TRI_YES},
	{"the kernel made none", "arm-smmu", FWB, VIOMMU("95"), NULL, true, TRI_YES, TRI_NO},
	{"the kernel had no memory", "arm-smmu", FWB, VIOMMU("12"), NULL, true, TRI_YES, TRI_YES},
	{"Intel has none", "intelsm-fsts-pb48", NULL, NULL, NULL, false, TRI_NO, TRI_UNKNOWN},
};

/* The capture's IORT with the memory access flags of its root complexes changed; the checksum
 * stays right. */
static char *iort_with(const struct members *all, bool canwbs, size_t *length)
{
	const char *bytes = members_bytes(all, "/sys/firmware/acpi/tables/IORT", length);
	struct arena *arena = arena_new(4096);
	const struct iort *iort;
	char *copy;

	if (!bytes) {
		arena_free(arena);
		return NULL;
	}
	copy = malloc(*length);
	memcpy(copy, bytes, *length);
	assert_int_equal(iort_parse(NULL, arena, bytes, *length, "IORT", &iort), 0);
	for (size_t i = 0; i < iort->n_nodes && canwbs; i++) {
		char *access = copy + iort->nodes[i].offset + 16 + 7;

		if (iort->nodes[i].type != IORT_ROOT_COMPLEX)
			continue;
		assert_int_equal(*access & 4, 0);
		*access |= 4;
		copy[9] = (char)(copy[9] - 4);
	}
	arena_free(arena);
	return copy;
}

static void test_viommu(void **state)
{
	const struct viommu_row *row = *state;
	struct iof_host_options options = {.size = sizeof(options),
					   .measured = row->measured,
					   .measured_length =
						   row->measured ? strlen(row->measured) : 0};
	struct members *all = members_read(row->capture);
	struct iof_ctx *ctx = new_context();
	struct change changes[4];
	struct iof_host *host = NULL;
	struct buf version = {0};
	size_t n = 0, length;
	char *iort = iort_with(all, row->canwbs, &length);

	changes[n++] = row->log ? (struct change)TEXT("/lab/dmesg.txt", row->log)
				: (struct change)WITHOUT("/lab/dmesg.txt");
	if (iort)
		changes[n++] = (struct change){CHANGE_REPLACE, "/sys/firmware/acpi/tables/IORT",
					       iort, length};
	if (row->version) {
		buf_printf(&version, "Linux version %s (x) (y) #1\n", row->version);
		changes[n++] = (struct change)TEXT("/proc/version", version.data);
	}
	if (members_host(ctx, all, changes, n, &options, &host))
		fail_msg("%s", iof_ctx_error(ctx));
	assert_int_equal(iof_host_device(host, DEVICE)->unit->domain[0].nest_parent, row->nest);
	assert_int_equal(iof_host_device(host, DEVICE)->viommu, row->viommu);
	iof_host_unref(host);
	buf_free(&version);
	free(iort);
	members_free(all);
	iof_ctx_unref(ctx);
}

/* ---- a nesting parent's width ---- */

struct oas_row {
	const char *name;
	const char *log;
	const char *domain; /* "nest-parent" */
	unsigned width;
};

#define NEST(text)                                                                                 \
	"{\"schema\":\"iommufit.measured/1\",\"devices\":[{\"bdf\":\"0000:00:05.0\",\"domains\":"  \
	"{\"nest-parent\":{" text "}},\"hw_info\":{\"type\":2,\"data\":\"0000000000000000"         \
	"1b10440d100073020000000014140000000000007400000000000000"                                 \
	"01000000\"}}]}"

/* IDR5 says 44. */
static const struct oas_row oas_rows[] = {
	{"the register", NULL, NEST("\"errno\":0"), 44},
	{"the log before the register",
	 "arm-smmu-v3 arm-smmu-v3.0.auto: oas 40-bit (features 0x00088705)\n", NEST("\"errno\":0"),
	 40},
	{"ranges before both", "arm-smmu-v3 arm-smmu-v3.0.auto: oas 48-bit (features 0x00088705)\n",
	 NEST("\"ranges\":[[\"0x0\",\"0x7ffffff\"],[\"0x8100000\",\"0x3ffffffffff\"]]"), 42},
	{"none", NULL, NEST("\"errno\":95"), 0},
};

static void test_oas(void **state)
{
	const struct oas_row *row = *state;
	struct iof_host_options options = {.size = sizeof(options),
					   .measured = row->domain,
					   .measured_length = strlen(row->domain)};
	const struct change change = row->log ? (struct change)TEXT("/lab/dmesg.txt", row->log)
					      : (struct change)WITHOUT("/lab/dmesg.txt");
	struct members *all = members_read("arm-smmu");
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;

	assert_int_equal(members_host(ctx, all, &change, 1, &options, &host), 0);
	for (size_t i = 0; i < host->n_devices; i++)
		if (host->devices[i].unit && host->devices[i].group)
			assert_int_equal(host->devices[i].iova[0].nest_width, row->width);
	assert_int_equal(iof_host_device(host, DEVICE)->iova[0].width, 48);
	iof_host_unref(host);
	members_free(all);
	iof_ctx_unref(ctx);
}

/* ---- input widths by registers and kernel ---- */

struct width_row {
	const char *name;
	const char *idr0; /* bytes as the kernel gives them */
	const char *idr5;
	const char *va_bits; /* CONFIG_ARM64_VA_BITS */
	unsigned width;	     /* of a plain domain */
	unsigned nest;	     /* of a nesting parent; 0: none */
};

#define BOTH "1b10440d"
#define FIRST "1a10440d"
#define SECOND "1910440d"

/* IDR5: OAS 4 is 44 bits, 6 is 52; VAX is bit 10. */
static const struct width_row width_rows[] = {
	{"48-bit kernel", BOTH, "74000000", "48", 48, 44},
	{"52-bit kernel, no VAX", BOTH, "74000000", "52", 48, 44},
	{"48-bit kernel, VAX", BOTH, "76040000", "48", 48, 52},
	{"52-bit kernel, VAX", BOTH, "76040000", "52", 52, 52},
	{"39-bit kernel", BOTH, "75000000", "39", 39, 48},
	{"first stage only", FIRST, "74000000", "48", 48, 0},
	{"second stage only: the kernel's addresses do not count", SECOND, "74000000", "39", 44, 0},
	{"second stage only, 32 bits", SECOND, "70000000", "48", 32, 0},
};

static void test_width(void **state)
{
	const struct width_row *row = *state;
	struct iof_host_options options = {.size = sizeof(options)};
	struct members *all = members_read("arm-smmu");
	struct iof_ctx *ctx = new_context();
	struct buf config = {0}, measured = {0};
	struct iof_host *host = NULL;
	struct change changes[3];
	const struct device_iova *iova;

	buf_printf(&config, "CONFIG_ARM64_VA_BITS=%s\nCONFIG_IOMMUFD=y\n", row->va_bits);
	buf_printf(&measured,
		   "{\"schema\":\"iommufit.measured/1\",\"devices\":[{\"bdf\":\"0000:00:05.0\","
		   "\"hw_info\":{\"type\":2,\"data\":\"0000000000000000%s1000730200000000"
		   "1414000000000000%s0000000001000000\"}}]}",
		   row->idr0, row->idr5);
	options.measured = measured.data;
	options.measured_length = measured.length;
	changes[0] = (struct change)WITHOUT("/lab/dmesg.txt");
	changes[1] = (struct change)WITHOUT("/proc/config.gz");
	changes[2] = (struct change)TEXT("/boot/config-7.2.13-vfiolab", config.data);
	if (members_host(ctx, all, changes, 3, &options, &host))
		fail_msg("%s", iof_ctx_error(ctx));
	assert_int_equal(host->n_worlds, 1);
	iova = &iof_host_device(host, DEVICE)->iova[0];
	assert_int_equal(iova->width, row->width);
	assert_int_equal(iova->nest_width, row->nest);
	iof_host_unref(host);
	members_free(all);
	buf_free(&config);
	buf_free(&measured);
	iof_ctx_unref(ctx);
}

/* ---- SMMUv2 ---- */

#define V2 "arm-smmu arm-smmu-v3.0.auto: "

struct v2_row {
	const char *name;
	const char *log; /* NULL: none */
	unsigned width;	 /* 0: unknown */
	uint64_t page_sizes;
};

static const struct v2_row v2_rows[] = {
	{"both stages",
	 V2 "SMMUv2 with:\n" V2 "\t stage 1 translation\n" V2
	    "\tSupported page sizes: 0x61311000\n" V2 "\tStage-1: 48-bit VA -> 48-bit IPA\n" V2
	    "\tStage-2: 40-bit IPA -> 48-bit PA\n",
	 48, 0x40201000},
	{"second stage only",
	 V2 "SMMUv2 with:\n" V2 "\tSupported page sizes: 0x60211000\n" V2
	    "\tStage-2: 40-bit IPA -> 48-bit PA\n",
	 40, 0x40201000},
	{"a narrow bus", V2 "\tStage-1: 36-bit VA -> 48-bit IPA\n", 36, 0x40201000},
	{"version 1", V2 "SMMUv1 with:\n" V2 "\tStage-1: 40-bit VA -> 40-bit IPA\n", 32,
	 0x40201000},
	{"version 1, second stage only",
	 V2 "SMMUv1 with:\n" V2 "\tStage-2: 48-bit IPA -> 48-bit PA\n", 40, 0x40201000},
	{"pages of 64 KiB only",
	 V2 "\tSupported page sizes: 0x20010000\n" V2 "\tStage-1: 48-bit VA -> 48-bit IPA\n", 48,
	 0x20010000},
	{"no log", NULL, 0, 0},
	{"a log that has lost the lines", "arm-smmu arm-smmu-v3.0.auto: probing hardware\n", 0, 0},
	{"another unit's lines", "arm-smmu 2b400000.iommu: \tStage-1: 48-bit VA -> 48-bit IPA\n", 0,
	 0},
	{"no number", V2 "\tStage-1: many-bit VA -> 48-bit IPA\n", 0, 0},
	{"too many bits", V2 "\tStage-1: 99-bit VA -> 48-bit IPA\n", 0, 0},
};

static struct iof_host *smmuv2_host(const char *log, const char *measured)
{
	struct iof_host_options options = {.size = sizeof(options),
					   .measured = measured,
					   .measured_length = measured ? strlen(measured) : 0};
	const struct change change = log ? (struct change)TEXT("/lab/dmesg.txt", log)
					 : (struct change)WITHOUT("/lab/dmesg.txt");
	struct members *all = members_read("arm-smmu");
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;

	/* The unit's name is how its driver is known. */
	members_substitute(all, "smmu3.", "smmu.");
	if (members_host(ctx, all, &change, 1, &options, &host))
		fail_msg("%s", iof_ctx_error(ctx));
	members_free(all);
	iof_ctx_unref(ctx);
	assert_int_equal(host->iommu, IOF_IOMMU_ARM_SMMUV2);
	return host;
}

static void test_smmuv2(void **state)
{
	const struct v2_row *row = *state;
	struct iof_host *host = smmuv2_host(row->log, NULL);
	const struct device_iova *iova = &iof_host_device(host, DEVICE)->iova[0];

	assert_int_equal(iova->known, row->width != 0);
	assert_int_equal(iova->width, row->width);
	assert_int_equal(iova->page_sizes, row->page_sizes);
	assert_int_equal(iova->nest_width, 0);
	assert_int_equal(host->missing_fact == NULL, row->width != 0);
	if (!row->width) {
		assert_non_null(strstr(host->missing_fact, "SMMUv2"));
		assert_non_null(strstr(host->missing_how, "probe"));
	}
	assert_int_equal(iof_host_device(host, DEVICE)->viommu, TRI_UNKNOWN);
	iof_host_unref(host);
}

static void test_smmuv2_measured(void **state)
{
	struct iof_host *host = smmuv2_host(
		NULL, "{\"schema\":\"iommufit.measured/1\",\"devices\":[{\"bdf\":\"0000:00:05.0\","
		      "\"domains\":{\"legacy\":{\"ranges\":[[\"0x0\",\"0x7ffffff\"],[\"0x8100000\","
		      "\"0xffffffffff\"]],\"page_sizes\":\"0x40201000\"}}}]}");

	(void)state;
	assert_int_equal(iof_host_device(host, DEVICE)->iova[0].width, 40);
	assert_int_equal(iof_host_device(host, "0000:00:09.0")->iova[0].width, 40);
	assert_int_equal(iof_host_device(host, "0000:00:09.0")->iova[0].page_sizes, 0x40201000);
	assert_null(host->missing_fact);
	iof_host_unref(host);
}

/* ---- Intel ---- */

static void test_erratum(void **state)
{
	static const char measured[] =
		"{\"schema\":\"iommufit.measured/1\",\"devices\":[{\"bdf\":\"0000:00:05.0\","
		"\"hw_info\":{\"type\":1,\"data\":\"0000000000000000"
		"06062f228c00d2814a0ff00000880000\"}}]}";
	static const struct {
		const char *measured, *kernel;
		enum tristate expected;
	} rows[] = {{NULL, NULL, TRI_YES},
		    {NULL, "6.7", TRI_YES},
		    {NULL, "6.6", TRI_NO},
		    {measured, NULL, TRI_NO},
		    {measured, "6.12", TRI_YES}};
	struct members *all = members_read("intelsm-fsts-pb48");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct iof_host_options options = {
			.size = sizeof(options),
			.kernel = rows[i].kernel,
			.measured = rows[i].measured,
			.measured_length = rows[i].measured ? strlen(rows[i].measured) : 0};
		struct iof_ctx *ctx = new_context();
		struct iof_host *host = NULL;

		assert_int_equal(members_host(ctx, all, NULL, 0, &options, &host), 0);
		assert_int_equal(host->units[0].errata_772415, rows[i].expected);
		assert_int_equal(host->units[0].cap, 0x81d2008c222f0606);
		iof_host_unref(host);
		iof_ctx_unref(ctx);
	}
	members_free(all);
}

int run_nesting(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv2_measured),
		cmocka_unit_test(test_erratum),
	};

	return RUN_TABLE(viommu_rows, test_viommu) + RUN_TABLE(oas_rows, test_oas) +
	       RUN_TABLE(width_rows, test_width) + RUN_TABLE(v2_rows, test_smmuv2) +
	       cmocka_run_group_tests(tests, NULL, NULL);
}
