/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capabilities of whole hosts, read or asked: each row is one property of one model. What is
 * expected follows from the registers in the host (VT-d 4.1 chapter 11.4) and from what QEMU does
 * with them, see tests/rules.
 */
#include "caps.h"

#include <errno.h>
#include <stdio.h>

#include "show/names.h"

#define THREE "profiles/three-units.json"   /* 39 bits; 57 bits that nest; the same without FS1GP */
#define SMMUS "profiles/two-smmus.json"	    /* ATS, 20 bits of SSID, 48 of OAS; none, none, 44 */
#define LOGGED "profiles/smmu-unasked.json" /* what of the first the kernel log tells */
#define SMMUV2 "profiles/smmuv2.json"	    /* 48 bits; one that nobody knows the width of */
#define H39 "captures/intel39-pb46.tar.xz"
#define ARM "captures/arm-smmu.tar.xz"
#define AMD "captures/amd-pb48.tar.xz"
#define NONE "captures/none-pb46.tar.xz"

/* What the kernel answered about 0000:00:07.0, which stands behind dmar1. */
#define ASKED(parent)                                                                              \
	"{\"schema\":\"iommufit.measured/1\",\"devices\":[{\"bdf\":\"0000:00:07.0\","              \
	"\"unit\":\"dmar1\",\"domains\":{\"nest-parent\":" parent "},\"hw_info\":{\"type\":1,"     \
	"\"data\":\"0100000000000000060c38228c00d2914a0ff08448e90100\"}}]}"
#define REFUSED(error) "{\"errno\":" error ",\"call\":\"IOMMU_HWPT_ALLOC\"}"
#define MADE "{\"ranges\":[[\"0x0\",\"0x1ffffffffffffff\"]],\"alignment\":4096}"

/* The registers of the first of SMMUS. */
#define ASKED_SMMU                                                                                 \
	"{\"schema\":\"iommufit.measured/1\",\"devices\":[{\"bdf\":\"0000:00:05.0\","              \
	"\"domains\":{\"nest-parent\":{\"ranges\":[[\"0x0\",\"0xffffffffffff\"]],\"alignment\":"   \
	"4096}},"                                                                                  \
	"\"hw_info\":{\"type\":2,\"data\":\"0000000000000000"                                      \
	"1b14440d100573020000000014150000000000007500000000000000"                                 \
	"01000000\"},\"viommu\":{\"errno\":0}}]}"

struct row {
	const char *name;
	const char *host; /* NULL: theory */
	const char *measured;
	const char *qemu;
	enum iof_model model;
	const char *device; /* NULL: all */
	const char *property;
	/* NULL: nothing is said */
	const char *theory, *here, *def, *recommended, *open, *resolved, *libvirt;
	enum iof_provenance provenance;
	const char *costs; /* "0000:00:05.0 48; …" */
	const char *needs;
	const char *each; /* what auto becomes: "0000:00:05.0 on; …" */
};

#define ONLY_7 "0000:00:07.0"
#define ONLY_9 "0000:00:09.0"
#define READ IOF_PROVENANCE_READ
#define TOLD IOF_PROVENANCE_MEASURED
#define OPEN IOF_PROVENANCE_UNKNOWN
#define THEORY IOF_PROVENANCE_ASSUMED
#define SM "scalable-mode=on"
#define FS SM ", aw-bits=48, fsts=on"

static const struct row rows[] = {
	{"a width that the host has not", H39, NULL, "11.1", IOF_MODEL_INTEL, NULL, "aw-bits",
	 "39, 48", "39", "48", "39", NULL, NULL, "driver/@aw_bits", READ, "", NULL, NULL},
	{"in theory", NULL, NULL, "11.1", IOF_MODEL_INTEL, NULL, "aw-bits", "39, 48", NULL, "48",
	 NULL, NULL, NULL, "driver/@aw_bits", THEORY, "", NULL, NULL},
	{"the default of an older QEMU", NULL, NULL, "9.2", IOF_MODEL_INTEL, NULL, "aw-bits",
	 "39, 48", NULL, "39", NULL, NULL, NULL, "driver/@aw_bits", THEORY, "", NULL, NULL},
	{"what libvirt cannot say", H39, NULL, "11.1", IOF_MODEL_INTEL, NULL, "stale-tm", "off, on",
	 "off, on", "off", "off", NULL, NULL, NULL, READ, "", NULL, NULL},
	{"virtio's widths are never compared", H39, NULL, "11.1", IOF_MODEL_VIRTIO, NULL, "aw-bits",
	 "32 to 64", "32 to 64", "39", "39", NULL, NULL, "driver/@aw_bits", READ, "", NULL, NULL},
	{"the host's page size", H39, NULL, "11.1", IOF_MODEL_VIRTIO, NULL, "granule",
	 "4k, 8k, 16k, 64k, host", "4k, 8k, 16k, 64k, host", "host", "host", NULL, "4k",
	 "driver/granule", READ, "", NULL, NULL},
	{"virt's default", ARM, NULL, "11.1", IOF_MODEL_VIRTIO, NULL, "aw-bits", "32 to 64",
	 "32 to 64", "48", "48", NULL, NULL, "driver/@aw_bits", READ, "", NULL, NULL},
	{"a width that nobody knows", SMMUV2, NULL, "11.1", IOF_MODEL_VIRTIO, NULL, "aw-bits",
	 "32 to 64", "32 to 64", "48", "48", NULL, NULL, "driver/@aw_bits", READ, "", NULL, NULL},
	{"pages that nobody knows", SMMUV2, NULL, "11.1", IOF_MODEL_VIRTIO, "0000:00:06.0",
	 "granule", "4k, 8k, 16k, 64k, host", "4k, host", "host", "host", "8k, 16k, 64k", "4k",
	 "driver/granule", OPEN, "", NULL, NULL},
	{"dma-remap is needed", AMD, NULL, "11.1", IOF_MODEL_AMD, NULL, "dma-remap", "off, on",
	 "on", "off", "on", NULL, NULL, NULL, READ, "", NULL, NULL},
	{"no device of the host can be given", NONE, NULL, "11.1", IOF_MODEL_INTEL, NULL, "aw-bits",
	 "39, 48", NULL, "48", NULL, NULL, NULL, "driver/@aw_bits", THEORY, "", NULL, NULL},
	{"another architecture's", ARM, NULL, "11.1", IOF_MODEL_INTEL, NULL, "aw-bits", "39, 48",
	 NULL, "48", NULL, NULL, NULL, "driver/@aw_bits", THEORY, "", NULL, NULL},

	{"one device costs a width", THREE, NULL, "11.1", IOF_MODEL_INTEL, NULL, "aw-bits",
	 "39, 48", "39", "48", "39", NULL, NULL, "driver/@aw_bits", READ, "0000:00:05.0 48", NULL,
	 NULL},
	{"one device costs first stage", THREE, NULL, "11.1", IOF_MODEL_INTEL, NULL, "fsts",
	 "off, on", "off", "off", "off", NULL, NULL, NULL, READ, "0000:00:05.0 on",
	 SM ", aw-bits=48, backend iommufd", NULL},
	{"first stage where it can be", THREE, NULL, "11.1", IOF_MODEL_INTEL, ONLY_7, "fsts",
	 "off, on", "off, on", "off", "off", NULL, NULL, NULL, READ, "",
	 SM ", aw-bits=48, backend iommufd", NULL},
	{"first stage without 1 GiB pages", THREE, NULL, "11.1", IOF_MODEL_INTEL, ONLY_9, "fsts",
	 "off, on", "off, on", "off", "off", NULL, NULL, NULL, READ, "",
	 SM ", aw-bits=48, fs1gp=off, backend iommufd", NULL},
	{"1 GiB pages that are not there", THREE, NULL, "11.1", IOF_MODEL_INTEL, ONLY_9, "fs1gp",
	 "off, on", "off", "on", "off", NULL, NULL, NULL, READ, "", FS ", backend iommufd", NULL},
	{"first stage before 11.0", THREE, NULL, "10.2", IOF_MODEL_INTEL, ONLY_7, "x-flts",
	 "off, on", "off", "off", "off", NULL, NULL, NULL, READ, "",
	 "x-scalable-mode=on, aw-bits=48, backend iommufd", NULL},

	{"the kernel was asked, and agrees", THREE, ASKED(MADE), "11.1", IOF_MODEL_INTEL, ONLY_7,
	 "fsts", "off, on", "off, on", "off", "off", NULL, NULL, NULL, TOLD, "",
	 SM ", aw-bits=48, backend iommufd", NULL},
	{"the kernel was asked, and refuses", THREE, ASKED(REFUSED("95")), "11.1", IOF_MODEL_INTEL,
	 ONLY_7, "fsts", "off, on", "off", "off", "off", NULL, NULL, NULL, TOLD, "",
	 SM ", aw-bits=48, backend iommufd", NULL},
	{"the kernel had no memory just then", THREE, ASKED(REFUSED("12")), "11.1", IOF_MODEL_INTEL,
	 ONLY_7, "fsts", "off, on", "off", "off", "off", "on", NULL, NULL, OPEN, "",
	 SM ", aw-bits=48, backend iommufd", NULL},
};

/* clang-format off */
#define SMMU(name, host, told, device, property, theory, here, def, recommended, open, resolved, provenance, costs, each) \
	{name, host, told, "11.1", IOF_MODEL_SMMUV3, device, property, theory, here, def, recommended, open, resolved, \
	 "driver/@" property, provenance, costs, "accel=on", each}
static const struct row smmu_rows[] = {
	SMMU("ATS of one unit only", SMMUS, NULL, NULL, "ats", "off, on, auto", "off, auto", "auto", "auto", NULL, NULL,
	     TOLD, "0000:00:06.0 on", "0000:00:05.0 on; 0000:00:06.0 off"),
	SMMU("the widths of both", SMMUS, NULL, NULL, "oas", "auto, 44, 48", "auto, 44", "auto", "auto", NULL, NULL,
	     TOLD, "0000:00:06.0 48", "0000:00:05.0 48; 0000:00:06.0 44"),
	SMMU("substream ids of both", SMMUS, NULL, NULL, "ssidsize", "auto, 0 to 20", "auto, 0", "auto", "auto", NULL, NULL,
	     TOLD, "0000:00:06.0 1 to 20", "0000:00:05.0 20; 0000:00:06.0 0"),
	SMMU("range invalidation, the same of both", SMMUS, NULL, NULL, "ril", "off, on, auto", "off, on, auto", "auto",
	     "auto", NULL, "on", TOLD, "", "0000:00:05.0 on; 0000:00:06.0 on"),
	SMMU("one device", SMMUS, NULL, "0000:00:06.0", "oas", "auto, 44, 48", "auto, 44", "auto", "auto", NULL, "44",
	     TOLD, "", "0000:00:06.0 44"),
	SMMU("nobody asked", LOGGED, NULL, NULL, "oas", "auto, 44, 48", "unknown", "auto", NULL, "auto, 44", NULL,
	     OPEN, "", ""),
	SMMU("asked", LOGGED, ASKED_SMMU, NULL, "oas", "auto, 44, 48", "auto, 44, 48", "auto", "auto", NULL, "48",
	     TOLD, "", "0000:00:05.0 48"),
	SMMU("a host of another architecture", H39, NULL, NULL, "oas", "auto, 44, 48", NULL, "auto", NULL, NULL, NULL,
	     THEORY, "", ""),
	SMMU("theory", NULL, NULL, NULL, "ssidsize", "auto, 0 to 20", NULL, "auto", NULL, NULL, NULL, THEORY, "", ""),
};
/* clang-format on */

static int is_host(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return is_capture(entry) || (end && strcmp(end, ".json") == 0);
}

char *read_text(const char *path)
{
	struct buf text = {0};
	FILE *file = fopen(path, "r");
	int c;

	assert_non_null(file);
	while ((c = getc(file)) != EOF)
		buf_putc(&text, (char)c);
	fclose(file);
	return buf_steal(&text);
}

struct iof_host *load_text(struct iof_ctx *ctx, const char *name, const char *text,
			   const struct iof_host_options *options)
{
	struct iof_host *host = NULL;
	int err = iof_host_load_profile(ctx, text, strlen(text), name, options, &host);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	return host;
}

struct iof_host *load_host(struct iof_ctx *ctx, const char *name,
			   const struct iof_host_options *options)
{
	bool is_profile = strstr(name, ".json");
	struct iof_host *host = NULL;
	char *path = test_path("%s", name), *text = is_profile ? read_text(path) : NULL;

	if (is_profile)
		host = load_text(ctx, path, text, options);
	else if (iof_host_load_capture(ctx, path, options, &host))
		fail_msg("%s: %s", path, iof_ctx_error(ctx));
	free(text);
	free(path);
	return host;
}

static struct iof_host *load(struct iof_ctx *ctx, const struct row *row)
{
	struct iof_host_options options = {.size = sizeof(options),
					   .measured = row->measured,
					   .measured_length =
						   row->measured ? strlen(row->measured) : 0};

	return row->host ? load_host(ctx, row->host, &options) : NULL;
}

static void same(const char *what, const char *got, const char *want)
{
	if (!got != !want || (got && strcmp(got, want) != 0))
		print_error("%s: \"%s\", wanted \"%s\"\n", what, got ? got : "(nothing)",
			    want ? want : "(nothing)");
	assert_true(!got == !want);
	if (got)
		assert_string_equal(got, want);
}

static size_t find_cap(const struct iof_caps *caps, const struct row *row, struct iof_cap *cap)
{
	for (size_t i = 0; iof_caps_get(caps, i, cap) == 0; i++) {
		if (cap->model == row->model && strcmp(cap->property, row->property) == 0)
			return i;
	}
	fail_msg("no %s", row->property);
	return 0;
}

static void check_costs(const struct iof_caps *caps, size_t index, const char *want)
{
	struct iof_cap_cost cost;
	char text[1024] = "";
	size_t length = 0;

	for (size_t n = 0; iof_caps_cost(caps, index, n, &cost) == 0; n++) {
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s %s",
					   n ? "; " : "", cost.device, cost.values);
		assert_non_null(cost.limit);
	}
	same("costs", text, want);
}

static void check_each(const struct iof_caps *caps, size_t index, const char *want)
{
	struct iof_cap_resolved one;
	char text[1024] = "";
	size_t length = 0;

	for (size_t n = 0; iof_caps_resolved(caps, index, n, &one) == 0; n++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s %s",
					   n ? "; " : "", one.device, one.value ? one.value : "?");
	same("auto", text, want ? want : "");
}

static void check_row(void **state)
{
	const struct row *row = *state;
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = load(ctx, row);
	const char *devices[] = {row->device, NULL};
	char version[32];
	struct iof_vmm vmm = {.size = sizeof(vmm), .version = version};
	struct iof_caps *caps = NULL;
	struct iof_cap cap;
	size_t index;
	int err;

	snprintf(version, sizeof(version), "qemu=%s", row->qemu);
	err = iof_caps(ctx, host, &vmm, NULL, row->model, row->device ? devices : NULL, &caps);
	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	index = find_cap(caps, row, &cap);
	same("theory", cap.theory, row->theory);
	same("here", cap.here, row->here);
	same("default", cap.def, row->def);
	same("recommended", cap.recommended, row->recommended);
	same("open", cap.open, row->open);
	same("resolved", cap.resolved, row->resolved);
	same("libvirt", cap.libvirt, row->libvirt);
	assert_true(!cap.libvirt == !cap.libvirt_since);
	assert_true(!cap.open == !cap.missing);
	assert_int_equal(cap.provenance, row->provenance);
	if (row->needs)
		same("needs", cap.needs, row->needs);
	check_costs(caps, index, row->costs);
	check_each(caps, index, row->each);
	iof_caps_unref(caps);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

#define MANY 70 /* more kinds of devices than a root bus has slots */

/* One unit for each device, all of 48 bits but the last, which has 39. */
static struct iof_host *load_many(struct iof_ctx *ctx)
{
	struct buf text = {0};
	struct iof_host *host = NULL;

	buf_puts(&text, "{\"schema\":\"iommufit.host/1\",\"name\":\"many\",\"iommu\":\"intel-vtd\","
			"\"cpu\":{\"vendor\":\"GenuineIntel\",\"phys_bits\":46},"
			"\"kernel\":{\"release\":\"7.2.0\",\"page_size\":4096,\"iommufd\":\"yes\","
			"\"vfio_group\":\"yes\",\"vfio_cdev\":\"yes\",\"interrupt_remapping\":"
			"\"yes\",\"scalable_mode\":\"no\"},\"units\":[");
	for (unsigned i = 0; i < MANY; i++)
		buf_printf(&text,
			   "%s{\"name\":\"dmar%u\",\"kind\":\"intel-vtd\",\"provenance\":\"read\","
			   "\"cap\":\"%s\",\"ecap\":\"0xf00f4a\"}",
			   i ? "," : "", i,
			   i + 1 == MANY ? "0x80d2008c22260206" : "0x80d2008c222f0606");
	buf_puts(&text, "],\"groups\":[");
	for (unsigned i = 0; i < MANY; i++)
		buf_printf(&text,
			   "%s{\"id\":%u,\"regions_provenance\":\"read\",\"devices\":[\"0000:%02x:"
			   "00.0\"]}",
			   i ? "," : "", i, i + 1);
	buf_puts(&text, "],\"devices\":[");
	for (unsigned i = 0; i < MANY; i++)
		buf_printf(&text,
			   "%s{\"bdf\":\"0000:%02x:00.0\",\"group\":%u,\"unit\":\"dmar%u\","
			   "\"class\":\"0x20000\",\"complete\":true}",
			   i ? "," : "", i + 1, i, i);
	buf_puts(&text, "]}");
	if (iof_host_load_profile(ctx, text.data, text.length, "many", NULL, &host))
		print_error("%s\n", iof_ctx_error(ctx));
	assert_non_null(host);
	buf_free(&text);
	return host;
}

static void test_many(void **state UNUSED)
{
	static const struct row row = {.model = IOF_MODEL_INTEL, .property = "aw-bits"};
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = load_many(ctx);
	struct iof_vmm vmm = {.size = sizeof(vmm), .version = "qemu=11.1"};
	struct iof_caps *caps = NULL;
	struct iof_caps_device device;
	struct iof_cap cap;
	size_t n = 0;

	assert_int_equal(iof_caps(ctx, host, &vmm, NULL, IOF_MODEL_NONE, NULL, &caps), 0);
	while (iof_caps_device(caps, n, &device) == 0)
		n++;
	assert_int_equal(n, MANY);
	assert_int_equal(iof_caps_model(caps, IOF_MODEL_INTEL, NULL), IOF_OUTCOME_WORKS);
	check_costs(caps, find_cap(caps, &row, &cap), "0000:46:00.0 48");
	same("here", cap.here, "39");
	iof_caps_unref(caps);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

/* Which models an answer has, each with its machine. */
static void test_models(void **state UNUSED)
{
	static const struct {
		const char *host, *machine;
		enum iof_model model;
		const char *want;
	} answers[] = {
		{H39, NULL, IOF_MODEL_NONE,
		 "intel-iommu pc-q35-11.1 works, virtio-iommu pc-q35-11.1 "
		 "works, amd-iommu pc-q35-11.1 works"},
		{ARM, NULL, IOF_MODEL_AMD, "amd-iommu pc-q35-11.1 broken"},
		{H39, "pc-q35-9.1", IOF_MODEL_INTEL, "intel-iommu pc-q35-9.1 works"},
		{H39, "virt", IOF_MODEL_VIRTIO, "virtio-iommu virt-11.1 works"},
		{NONE, NULL, IOF_MODEL_AMD, "amd-iommu pc-q35-11.1 broken"},
		{SMMUS, NULL, IOF_MODEL_NONE,
		 "virtio-iommu virt-11.1 works, arm-smmuv3 virt-11.1 works"},
		{LOGGED, NULL, IOF_MODEL_SMMUV3, "arm-smmuv3 virt-11.1 unknown"},
		{ARM, "virt-10.2", IOF_MODEL_SMMUV3, "arm-smmuv3 virt-10.2 broken"},
		{H39, NULL, IOF_MODEL_SMMUV3, "arm-smmuv3 virt-11.1 broken"},
		{NULL, NULL, IOF_MODEL_NONE,
		 "intel-iommu pc-q35-11.1 works, virtio-iommu pc-q35-11.1 works, amd-iommu "
		 "pc-q35-11.1 works, arm-smmuv3 virt-11.1 works"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct iof_ctx *ctx = new_context();
		struct row row = {.host = answers[i].host};
		struct iof_host *host = load(ctx, &row);
		struct iof_vmm vmm = {.size = sizeof(vmm), .version = "qemu=11.1"};
		struct iof_caps *caps = NULL;
		struct iof_caps_model model;
		struct buf text = {0};

		assert_int_equal(iof_caps(ctx, host, &vmm, answers[i].machine, answers[i].model,
					  NULL, &caps),
				 0);
		for (size_t n = 0; iof_caps_model_get(caps, n, &model) == 0; n++) {
			buf_printf(&text, "%s%s %s %s", n ? ", " : "", name_model(model.model),
				   model.machine, name_outcome(model.usable));
			assert_true((model.usable == IOF_OUTCOME_WORKS) == !model.why);
		}
		same(answers[i].host ? answers[i].host : "theory", text.data, answers[i].want);
		buf_free(&text);
		iof_caps_unref(caps);
		iof_host_unref(host);
		iof_ctx_unref(ctx);
	}
}

static void test_wrong(void **state UNUSED)
{
	struct iof_ctx *ctx = new_context();
	struct row row = {.host = H39};
	struct iof_host *host = load(ctx, &row);
	const char *const absent[] = {"0000:7f:00.0", NULL};
	struct iof_vmm vmm = {.size = sizeof(vmm), .version = "qemu=bogus"};
	struct iof_caps *caps;

	assert_int_equal(iof_caps(ctx, host, NULL, NULL, IOF_MODEL_NONE, absent, &caps), -ENOENT);
	assert_null(caps);
	assert_non_null(strstr(iof_ctx_error(ctx), "no such device"));
	assert_int_equal(iof_caps(ctx, host, &vmm, NULL, IOF_MODEL_NONE, NULL, &caps), -EINVAL);
	assert_null(caps);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

/* Every capture, and every profile. */
static int run_agrees(void)
{
	static const char *const folders[] = {"captures", "profiles"};
	int failed = 0;

	for (size_t f = 0; f < ARRAY_SIZE(folders); f++) {
		char *folder = test_path("%s", folders[f]);
		struct dirent **entries;
		int n = scandir(folder, &entries, is_host, alphasort);

		free(folder);
		assert_true(n > 0);
		for (int i = 0; i < n; i++) {
			char path[512];
			struct capture_row row = {.name = path};

			snprintf(path, sizeof(path), "%s/%s", folders[f], entries[i]->d_name);
			failed += run_table("agrees", &row, 1, sizeof(row), test_agrees);
			free(entries[i]);
		}
		free(entries);
	}
	return failed;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_drawn),
	};

	return RUN_TABLE(rows, check_row) + RUN_TABLE(smmu_rows, check_row) +
	       cmocka_run_group_tests(tests, NULL, NULL) + run_agrees();
}
