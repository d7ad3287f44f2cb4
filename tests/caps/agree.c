/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What caps says of a host, check must say, too: every value of every property, of every host that
 * there is here, is written into a command line as caps tells it (what it needs beside it, and what
 * is advised for the rest), and that VM is checked.
 */
#include "caps.h"

#include <errno.h>
#include <stdio.h>

#include "fit/report.h"
#include "show/names.h"

static const char *const versions[] = {"11.1", "11.0", "10.2", "10.0", "9.2", "9.0", "8.2"};

/* Where a host is from. */
struct source {
	const char *name; /* a path for load_host() */
	const char *text; /* a profile instead; NULL */
};

static struct iof_host *load(struct iof_ctx *ctx, const struct source *source,
			     const struct iof_host_options *options)
{
	return source->text ? load_text(ctx, source->name, source->text, options)
			    : load_host(ctx, source->name, options);
}

struct words {
	char *items[64];
	size_t n;
};

static void add_word(struct words *words, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_word(struct words *words, const char *format, ...)
{
	struct buf text = {0};
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	assert_true(words->n < ARRAY_SIZE(words->items));
	words->items[words->n++] = buf_steal(&text);
}

static void free_words(struct words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->items[i]);
	words->n = 0;
}

/* Key=value pairs, each key once: the last one counts. */
struct settings {
	char key[32][32], value[32][32];
	size_t n;
};

static void set(struct settings *s, const char *key, const char *value)
{
	size_t i = 0;

	while (i < s->n && strcmp(s->key[i], key) != 0)
		i++;
	assert_true(i < ARRAY_SIZE(s->key));
	s->n += i == s->n;
	snprintf(s->key[i], sizeof(s->key[i]), "%s", key);
	snprintf(s->value[i], sizeof(s->value[i]), "%s", value);
}

/* "scalable-mode=on, aw-bits=48, backend iommufd"; whether the last is in it. */
static bool set_needs(struct settings *s, const char *needs)
{
	char *text = strdup(needs), *rest = NULL;
	bool iommufd = false;

	for (char *item = strtok_r(text, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
		char *equal;

		item += strspn(item, " ");
		equal = strchr(item, '=');
		if (equal) {
			*equal = '\0';
			set(s, item, equal + 1);
		} else {
			assert_string_equal(item, "backend iommufd");
			iommufd = true;
		}
	}
	free(text);
	return iommufd;
}

/* Whether a value is in a list as caps writes it: "auto, 0 to 20". */
static bool is_listed(const char *list, const char *value)
{
	char *text = strdup(list ? list : ""), *rest = NULL;
	bool found = false;

	for (char *item = strtok_r(text, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
		unsigned first, last;

		item += strspn(item, " ");
		found |= strcmp(item, value) == 0;
		if (sscanf(item, "%u to %u", &first, &last) == 2 && *value >= '0' && *value <= '9')
			found |= strtoul(value, NULL, 10) >= first &&
				 strtoul(value, NULL, 10) <= last;
	}
	free(text);
	return found;
}

struct asked {
	struct iof_ctx *ctx;
	const struct source *source;
	struct iof_host *host; /* the devices bound */
	const struct iof_caps *caps;
	const char *version;
	struct iof_caps_model model;
	struct iof_report *report;
	size_t n_checks, n_wrong;
};

static bool is_smmu(const struct asked *a)
{
	return a->model.model == IOF_MODEL_SMMUV3;
}

static const char *driver_name(const struct asked *a)
{
	return a->model.model == IOF_MODEL_VIRTIO ? "virtio-iommu-pci" : name_model(a->model.model);
}

static void add_devices(const struct asked *a, size_t first, size_t n, bool iommufd,
			struct words *words)
{
	struct iof_caps_device device;

	if (iommufd) {
		add_word(words, "-object");
		add_word(words, "iommufd,id=fd");
	}
	for (size_t i = first; i < first + n; i++) {
		assert_int_equal(iof_caps_device(a->caps, i, &device), 0);
		add_word(words, "-device");
		add_word(words, "vfio-pci,host=%s%s", device.bdf, iommufd ? ",iommufd=fd" : "");
	}
}

static void write_vm(const struct asked *a, const struct settings *s, size_t first, size_t n,
		     bool iommufd, struct words *words)
{
	struct buf device = {0};
	bool is_arm = strncmp(a->model.machine, "virt", 4) == 0;

	add_word(words, is_arm ? "qemu-system-aarch64" : "qemu-system-x86_64");
	add_word(words, "-nodefaults");
	add_word(words, "-machine");
	add_word(words, "%s%s", a->model.machine, is_smmu(a) ? ",accel=kvm,gic-version=3" : "");
	if (is_smmu(a)) {
		add_word(words, "-bios");
		add_word(words, "QEMU_EFI.fd");
	}
	buf_puts(&device, driver_name(a));
	for (size_t i = 0; i < s->n; i++)
		buf_printf(&device, ",%s=%s", s->key[i], s->value[i]);
	add_word(words, "-device");
	add_word(words, "%s", device.data);
	buf_free(&device);
	add_devices(a, first, n, iommufd, words);
}

/* What check says to a command line. edit: give it with what the guest sees written down; NULL: do
 * not. */
static enum iof_outcome ask_argv(struct asked *a, const char *const *argv, size_t n,
				 struct iof_edit **edit)
{
	struct iof_vmm vmm = {.size = sizeof(vmm)};
	struct iof_machine *m = NULL;
	struct iof_vm *vm = NULL;
	enum iof_outcome start, run;
	char version[32];

	snprintf(version, sizeof(version), "qemu=%s", a->version);
	vmm.version = version;
	if (iof_vm_load_argv(a->ctx, argv, n, "VM", &vm) ||
	    iof_machine_resolve(a->ctx, a->host, vm, &vmm, &m) ||
	    (edit && iof_machine_pin(a->ctx, m, edit)))
		fail_msg("%s", iof_ctx_error(a->ctx));
	assert_int_equal(iof_check(a->host, m, NULL, a->report), 0);
	start = iof_report_start(a->report);
	run = iof_report_run(a->report);
	a->n_checks++;
	iof_machine_unref(m);
	iof_vm_unref(vm);
	if (start == IOF_OUTCOME_UNKNOWN)
		return IOF_OUTCOME_UNKNOWN;
	if (start != IOF_OUTCOME_STARTS)
		return IOF_OUTCOME_BROKEN;
	return run == IOF_OUTCOME_DEGRADED ? IOF_OUTCOME_WORKS : run;
}

/* The same host gives the same answer when everything is written down. */
static void check_pinned(struct asked *a, struct iof_edit *edit, enum iof_outcome said)
{
	const char *const *argv = iof_edit_argv(edit);
	size_t n = 0;

	while (argv[n])
		n++;
	if (ask_argv(a, argv, n, NULL) == said)
		return;
	a->n_wrong++;
	print_error("%s, QEMU %s: not the same when pinned:", a->source->name, a->version);
	for (size_t i = 0; i < n; i++)
		print_error(" %s", argv[i]);
	print_error("\n");
}

static enum iof_outcome ask(struct asked *a, const struct settings *s, size_t first, size_t n,
			    bool iommufd, struct words *words)
{
	struct iof_edit *edit = NULL;
	enum iof_outcome answer;

	write_vm(a, s, first, n, iommufd, words);
	answer = ask_argv(a, (const char *const *)words->items, words->n, &edit);
	if (answer == IOF_OUTCOME_WORKS)
		check_pinned(a, edit, answer);
	iof_edit_unref(edit);
	return answer;
}

/* Of all devices: in one VM, behind an SMMUv3 in one each. The worst counts. */
static enum iof_outcome ask_all(struct asked *a, const struct settings *s, bool iommufd,
				struct words *words)
{
	static const enum iof_outcome order[] = {IOF_OUTCOME_BROKEN, IOF_OUTCOME_UNKNOWN,
						 IOF_OUTCOME_WORKS};
	enum iof_outcome worst = IOF_OUTCOME_WORKS;
	struct iof_caps_device device;
	size_t total = 0, most;

	while (iof_caps_device(a->caps, total, &device) == 0)
		total++;
	most = is_smmu(a) ? 1 : 16;
	for (size_t first = 0; first < total && worst == IOF_OUTCOME_WORKS; first += most) {
		enum iof_outcome one;
		size_t i = 0;

		free_words(words);
		one = ask(a, s, first, total - first < most ? total - first : most, iommufd, words);
		while (order[i] != one && order[i] != worst)
			i++;
		worst = order[i];
	}
	return worst;
}

static void expect(struct asked *a, const char *what, enum iof_outcome said, enum iof_outcome got,
		   const struct words *words)
{
	if (said == got)
		return;
	if (a->n_wrong++ > 20)
		return;
	print_error("%s, QEMU %s, %s: caps says %s, check says %s:", a->source->name, a->version,
		    what, name_outcome(said), name_outcome(got));
	for (size_t i = 0; i < words->n; i++)
		print_error(" %s", words->items[i]);
	print_error("\n");
}

/* What caps would write; where nothing helps, what makes the models take an assigned device. */
static void set_advised(const struct asked *a, struct settings *s)
{
	static const char *const helps[] = {"caching-mode", "dma-remap", "accel"};
	char *text = strdup(a->model.device ? a->model.device : driver_name(a)), *rest = NULL;
	struct iof_cap cap;

	s->n = 0;
	assert_string_equal(strtok_r(text, ",", &rest), driver_name(a));
	for (char *item = strtok_r(NULL, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
		char *equal = strchr(item, '=');

		assert_non_null(equal);
		*equal = '\0';
		set(s, item, equal + 1);
	}
	free(text);
	for (size_t i = 0; !a->model.device && iof_caps_get(a->caps, i, &cap) == 0; i++) {
		for (size_t k = 0; cap.model == a->model.model && k < ARRAY_SIZE(helps); k++) {
			if (strcmp(cap.property, helps[k]) == 0)
				set(s, helps[k], "on");
		}
	}
}

static void check_value(struct asked *a, const struct iof_cap *cap, const char *value)
{
	struct settings settings;
	struct words words = {.n = 0};
	bool iommufd = a->model.backend != NULL;
	enum iof_outcome said = is_listed(cap->here, value)   ? IOF_OUTCOME_WORKS
				: is_listed(cap->open, value) ? IOF_OUTCOME_UNKNOWN
							      : IOF_OUTCOME_BROKEN;
	char what[128];

	set_advised(a, &settings);
	if (cap->needs && (is_smmu(a) || strcmp(value, "off") != 0))
		iommufd |= set_needs(&settings, cap->needs);
	set(&settings, cap->property, value);
	snprintf(what, sizeof(what), "%s %s=%s", name_model(cap->model), cap->property, value);
	expect(a, what, said, ask_all(a, &settings, iommufd, &words), &words);
	free_words(&words);
}

static void check_property(struct asked *a, const struct iof_cap *cap)
{
	char *text = strdup(cap->theory ? cap->theory : ""), *rest = NULL;

	for (char *item = strtok_r(text, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
		unsigned first, last;
		char number[16];

		item += strspn(item, " ");
		if (sscanf(item, "%u to %u", &first, &last) != 2) {
			check_value(a, cap, item);
			continue;
		}
		for (unsigned v = first; v <= last; v++) {
			snprintf(number, sizeof(number), "%u", v);
			check_value(a, cap, number);
		}
	}
	free(text);
}

static void check_model(struct asked *a)
{
	struct settings settings;
	struct words words = {.n = 0};
	struct iof_cap cap;

	set_advised(a, &settings);
	expect(a, "the model", a->model.usable,
	       ask_all(a, &settings, a->model.backend != NULL, &words), &words);
	free_words(&words);
	for (size_t i = 0; iof_caps_get(a->caps, i, &cap) == 0; i++) {
		if (cap.model == a->model.model && cap.here)
			check_property(a, &cap);
	}
}

/* The devices that caps asked about, and their group mates, as they are when a VM is started. */
static struct iof_host *bound(struct iof_ctx *ctx, const struct source *source,
			      struct iof_host *host, const struct iof_caps *caps)
{
	struct words words = {.n = 0};
	struct iof_caps_device device;
	struct iof_host *again;

	for (size_t i = 0; iof_caps_device(caps, i, &device) == 0; i++) {
		const struct iof_device *one = iof_host_device(host, device.bdf);

		add_word(&words, "%s=vfio-pci", device.bdf);
		for (size_t k = 0; one->group && k < one->group->n_devices; k++) {
			const struct iof_device *mate = one->group->devices[k];

			if (mate != one && !mate->is_bridge && mate->driver)
				add_word(&words, "%s=vfio-pci", mate->bdf);
		}
	}
	again = load(ctx, source,
		     &(struct iof_host_options){.size = sizeof(struct iof_host_options),
						.drivers = (const char *const *)words.items,
						.n_drivers = words.n});
	free_words(&words);
	return again;
}

/* device: only this one; NULL: all. */
static void check_version(struct iof_ctx *ctx, const struct source *source, struct iof_host *host,
			  const char *version, const char *device, size_t *n_checks)
{
	const char *const devices[] = {device, NULL};
	struct asked a = {.ctx = ctx, .source = source, .version = version};
	struct iof_vmm vmm = {.size = sizeof(vmm)};
	struct iof_caps *caps = NULL;
	char text[32];

	snprintf(text, sizeof(text), "qemu=%s", version);
	vmm.version = text;
	assert_int_equal(
		iof_caps(ctx, host, &vmm, NULL, IOF_MODEL_NONE, device ? devices : NULL, &caps), 0);
	a.caps = caps;
	a.host = bound(ctx, source, host, caps);
	assert_int_equal(iof_report_new(ctx, &a.report), 0);
	for (size_t i = 0; iof_caps_model_get(caps, i, &a.model) == 0; i++) {
		struct iof_caps_device any;

		if (iof_caps_device(caps, 0, &any) == 0)
			check_model(&a);
		else
			assert_int_equal(a.model.usable, IOF_OUTCOME_BROKEN);
	}
	*n_checks += a.n_checks;
	assert_int_equal(a.n_wrong, 0);
	for (size_t i = 0; !device; i++) {
		struct iof_caps_device one, second;

		if (iof_caps_device(caps, 1, &second) || iof_caps_device(caps, i, &one))
			break;
		check_version(ctx, source, host, version, one.bdf, n_checks);
	}
	iof_report_unref(a.report);
	iof_host_unref(a.host);
	iof_caps_unref(caps);
}

void test_agrees(void **state)
{
	const struct capture_row *row = *state;
	struct iof_ctx *ctx = new_context();
	struct source source = {.name = row->name};
	struct iof_host *host = load(ctx, &source, NULL);
	size_t n_checks = 0;

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		check_version(ctx, &source, host, versions[i], NULL, &n_checks);
	/* of a host without an assignable device there is none */
	print_message("%zu command lines\n", n_checks);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

/* ---- hosts that nobody has seen ---- */

/* Fields of registers in a profile, and what they may be: those that QEMU or the kernel looks at
 * (Arm IHI 0070 section 6.3; VT-d 4.1 chapter 11.4). */
static const struct {
	const char *reg;
	unsigned char low, high, n;
	unsigned char values[6];
} fields[] = {
	{"idr0", 0, 1, 3, {3, 2, 1}},		/* stages */
	{"idr0", 2, 3, 3, {2, 3, 1}},		/* table formats */
	{"idr0", 10, 10, 2, {1, 0}},		/* ATS */
	{"idr0", 21, 22, 3, {2, 0, 3}},		/* byte order */
	{"idr0", 27, 28, 2, {1, 0}},		/* two-level stream tables */
	{"idr1", 0, 5, 3, {16, 8, 32}},		/* stream ids */
	{"idr1", 6, 10, 5, {20, 0, 1, 16, 31}}, /* substream ids */
	{"idr3", 8, 8, 2, {1, 0}},		/* write-back forced */
	{"idr3", 10, 10, 2, {1, 0}},		/* range invalidation */
	{"idr5", 0, 2, 6, {5, 4, 6, 2, 0, 7}},	/* output addresses */
	{"idr5", 4, 6, 3, {7, 5, 1}},		/* granules */
	{"idr5", 10, 11, 2, {0, 1}},		/* 52-bit input addresses */
	{"cap", 8, 12, 5, {4, 2, 8, 6, 12}},	/* SAGAW */
	{"cap", 16, 21, 4, {47, 38, 56, 41}},	/* MGAW */
	{"cap", 34, 35, 3, {3, 1, 0}},		/* large pages */
	{"cap", 56, 56, 2, {1, 0}},		/* FS1GP */
	{"ecap", 26, 26, 2, {1, 0}},		/* NEST */
	{"ecap", 35, 39, 3, {19, 7, 0}},	/* PSS */
	{"ecap", 43, 43, 2, {1, 0}},		/* SMTS */
	{"ecap", 46, 46, 2, {1, 0}},		/* SSTS */
	{"ecap", 47, 47, 2, {1, 0}},		/* FSTS */
};

static uint64_t next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* Few changes to each, so that many hosts lack one thing only. */
static uint64_t draw(const char *reg, uint64_t value, uint64_t *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		uint64_t mask = (UINT64_C(1) << (fields[i].high - fields[i].low + 1)) - 1;

		if (strcmp(fields[i].reg, reg) != 0 || next(state) % 6)
			continue;
		value &= ~(mask << fields[i].low);
		value |= (uint64_t)fields[i].values[next(state) % fields[i].n] << fields[i].low;
	}
	return value;
}

/* The profile with other registers in every unit; the caller frees. */
static char *drawn_profile(const char *profile, uint64_t seed)
{
	struct buf text = {0};
	uint64_t state = seed;

	for (const char *at = profile; *at;) {
		unsigned long long value;
		char reg[8];
		int length = 0;

		if (sscanf(at, "\"%7[a-z0-9]\": \"0x%llx\"%n", reg, &value, &length) == 2 &&
		    length) {
			buf_printf(&text, "\"%s\": \"0x%llx\"", reg,
				   (unsigned long long)draw(reg, value, &state));
			at += length;
		} else {
			buf_putc(&text, *at++);
		}
	}
	return buf_steal(&text);
}

#define SEEDS 40

static size_t check_drawn(const char *name)
{
	static const char *const newest[] = {"11.1", "11.0", "10.2"};
	char *path = test_path("%s", name), *profile = read_text(path);
	size_t n_checks = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct iof_ctx *ctx = new_context();
		char called[64], *text = drawn_profile(profile, seed);
		struct source source = {.name = called, .text = text};
		struct iof_host *host;

		snprintf(called, sizeof(called), "%s, seed %u", name, (unsigned)seed);
		host = load(ctx, &source, NULL);
		for (size_t i = 0; i < ARRAY_SIZE(newest); i++)
			check_version(ctx, &source, host, newest[i], NULL, &n_checks);
		iof_host_unref(host);
		free(text);
		iof_ctx_unref(ctx);
	}
	free(profile);
	free(path);
	return n_checks;
}

void test_drawn(void **state UNUSED)
{
	assert_true(check_drawn("profiles/two-smmus.json") > 1000);
	assert_true(check_drawn("profiles/three-units.json") > 1000);
}
