// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Real domains with what real libvirt made of them: the machine that iommufit derives from the XML
 * is the one that it derives from libvirt's command line, and what libvirt refuses is refused in
 * its words. The files are not part of the project; without them the test is skipped.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iommufit/iommufit.h>

#include "base/strings.h"
#include "describe.h"

#define SKIPPED 77

/* Pairs that may differ, each with why. */
static const struct {
	const char *name, *why;
} differing[] = {
	{"net-hostdev-vfio-multidomain",
	 "domxml-to-native makes an ordinary network card of <interface type='hostdev'> and says "
	 "the host device as well; a start does not"},
	{"virtio-options-net-iommu",
	 "domxml-to-native makes network cards anew, without iommu= of their <driver>; a start "
	 "does not"},
};

static const struct {
	const char *arch, *hosts[3];
} hosts[] = {
	{"aarch64", {"ampere-altra", "nvidia-grace", NULL}},
	{"", {"i7-3770", "zen1-am4", NULL}},
};

/* Whose files these are. */
static const char *manager, *qemu = "qemu=11.1.3";

static unsigned equal, refused, explained, failed, total;

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && str_eq(text + n - m, end);
}

static void show_difference(const char *name, const char *host, const char *xml, const char *args)
{
	unsigned shown = 0;

	printf("%s on %s differs:\n", name, host);
	for (const char *a = xml, *b = args; (*a || *b) && shown < 6;) {
		int n = (int)strcspn(a, "\n"), m = (int)strcspn(b, "\n");

		if (n != m || strncmp(a, b, (size_t)n) != 0) {
			printf("  xml:  %.*s\n  args: %.*s\n", n, a, m, b);
			shown++;
		}
		a += n + (a[n] == '\n');
		b += m + (b[m] == '\n');
	}
}

/* A device of IOMMUFD, given without host=. */
static bool is_nameless(const char *rest)
{
	const char *end = strchr(rest, '}'), *backend = strstr(rest, "\"iommufd\"");
	const char *host = strstr(rest, "\"host\"");

	return end && backend && backend < end && !(host && host < end);
}

/* libvirt passes IOMMUFD devices as open files, without their addresses: these are put in place of
 * the files, as the XML has them. */
static char *name_hosts(const char *args, const struct iof_vm *vm)
{
	static const char driver[] = "{\"driver\":\"vfio-pci", fd[] = "\"fd\":\"@hostdev-";
	struct buf out = {0};
	size_t device = 0;

	for (const char *p = args; *p;) {
		if (str_starts(p, fd)) {
			p = strchr(p, ',') + 1;
		} else if (str_starts(p, driver)) {
			size_t n = strlen(driver) + strcspn(p + strlen(driver), ",");
			const char *host = iof_vm_assigned(vm, device++);

			buf_append(&out, p, n);
			p += n;
			if (is_nameless(p) && host)
				buf_printf(&out, ",\"host\":\"%s\"", host);
		} else {
			buf_putc(&out, *p++);
		}
	}
	return buf_steal(&out);
}

static struct iof_vm *load(struct iof_ctx *ctx, enum iof_language language, const char *text,
			   const char *name)
{
	struct iof_vm *vm = NULL;

	struct iof_vm_options options = {.size = sizeof(options)};

	if (language == IOF_LANGUAGE_LIBVIRT)
		options.manager = manager;
	if (iof_vm_load_config(ctx, language, text, strlen(text), name, &options, &vm))
		printf("%s: %s\n", name, iof_ctx_error(ctx));
	return vm;
}

static const char *const *hosts_for(const char *xml)
{
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		if (!*hosts[i].arch || strstr(xml, hosts[i].arch))
			return hosts[i].hosts;
	}
	return NULL;
}

static bool is_equal_on(struct iof_ctx *ctx, const char *host_name, const char *name,
			struct iof_vm *xml, struct iof_vm *args, bool is_shown)
{
	struct iof_host_options options = {.size = sizeof(options)};
	struct iof_host *host = NULL;
	char *a, *b;
	bool is_same;

	if (iof_host_load_catalog(ctx, host_name, &options, &host)) {
		printf("%s: %s\n", host_name, iof_ctx_error(ctx));
		return false;
	}
	a = describe_machine(ctx, host, xml, qemu);
	b = describe_machine(ctx, host, args, qemu);
	is_same = a && b && str_eq(a, b);
	if (!is_same && is_shown && a && b)
		show_difference(name, host_name, a, b);
	free(a);
	free(b);
	iof_host_unref(host);
	return is_same;
}

static bool is_equal(struct iof_ctx *ctx, const char *name, const char *xml, const char *args,
		     bool is_shown)
{
	struct iof_vm *vm = load(ctx, IOF_LANGUAGE_LIBVIRT, xml, name);
	char *named = vm ? name_hosts(args, vm) : NULL;
	struct iof_vm *peer = named ? load(ctx, IOF_LANGUAGE_QEMU_ARGV, named, name) : NULL;
	bool is_same = vm && peer;

	for (const char *const *host = hosts_for(xml); is_same && *host; host++)
		is_same = is_equal_on(ctx, *host, name, vm, peer, is_shown);
	iof_vm_unref(vm);
	iof_vm_unref(peer);
	free(named);
	return is_same;
}

static bool is_refused(struct iof_ctx *ctx, const char *name, const char *xml, const char *expected)
{
	struct iof_vm *vm = load(ctx, IOF_LANGUAGE_LIBVIRT, xml, name);
	struct iof_host_options options = {.size = sizeof(options)};
	struct iof_host *host = NULL;
	size_t n = strcspn(expected, "\n");
	bool is_same = false;
	char *text = NULL;

	if (vm && !iof_host_load_catalog(ctx, hosts_for(xml)[0], &options, &host))
		text = first_refusal(ctx, host, vm, qemu);
	if (text)
		is_same = strlen(text) == n && strncmp(text, expected, n) == 0;
	if (!is_same)
		printf("%s is not refused:\n  have: %s\n  want: %.*s\n", name,
		       text ? text : "(it starts)", (int)n, expected);
	free(text);
	iof_vm_unref(vm);
	iof_host_unref(host);
	return is_same;
}

static const char *why_it_differs(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(differing); i++) {
		if (str_eq(differing[i].name, name))
			return differing[i].why;
	}
	return NULL;
}

/* NAME.args, NAME.x86_64-latest.args, NAME.x86_64-latest.abi-update.args: a new definition is what
 * the last one is of. */
static char *read_peer(const char *folder, const char *name, const char *end)
{
	static const char *const middles[] = {".x86_64-latest.abi-update",
					      ".aarch64-latest.abi-update", ".x86_64-latest",
					      ".aarch64-latest", ""};
	char *text = NULL;

	for (size_t i = 0; !text && i < ARRAY_SIZE(middles); i++) {
		struct buf path = {0};
		size_t length;

		buf_printf(&path, "%s/%s%s%s", folder, name, middles[i], end);
		text = read_text(path.data, &length);
		buf_free(&path);
	}
	return text;
}

static void count(const char *name, bool is_good)
{
	const char *why = is_good ? NULL : why_it_differs(name);

	total++;
	if (is_good)
		equal++;
	else if (why)
		explained++;
	else
		failed++;
	if (why)
		printf("%s: %s\n", name, why);
}

static void test_file(struct iof_ctx *ctx, const char *folder, const char *file)
{
	struct buf path = {0}, name = {0};
	char *xml, *args, *error;
	size_t length;

	buf_printf(&path, "%s/%s", folder, file);
	buf_append(&name, file, strlen(file) - 4);
	xml = read_text(path.data, &length);
	args = read_peer(folder, name.data, ".args");
	error = read_peer(folder, name.data, ".err");
	if (xml && args) {
		count(name.data, is_equal(ctx, name.data, xml, args, true));
	} else if (xml && error) {
		count(name.data, is_refused(ctx, name.data, xml, error));
		refused++;
	}
	free(xml);
	free(args);
	free(error);
	buf_free(&path);
	buf_free(&name);
}

static int is_xml(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".xml");
}

static bool test_folder(struct iof_ctx *ctx, const char *folder, const char *only)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_xml, alphasort);

	for (int i = 0; i < n; i++) {
		if (!only || strstr(entries[i]->d_name, only))
			test_file(ctx, folder, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return n > 0;
}

/* test-libvirt-samples [PART-OF-A-NAME]
 * test-libvirt-samples --peer libvirt=9.0 qemu=7.2.22 FOLDER: pairs that another peer made */
int main(int argc, char **argv)
{
	const char *folder = getenv("IOMMUFIT_TEST_SAMPLES");
	bool is_other = argc >= 5 && str_eq(argv[1], "--peer");
	const char *only = !is_other && argc > 1 ? argv[1] : NULL;
	struct buf observed = {0};
	struct iof_ctx *ctx;
	bool is_there;

	if (iof_ctx_new(&ctx))
		return 99;
	folder = folder ? folder : "../shared/samples/libvirt";
	if (is_other) {
		manager = argv[2];
		qemu = argv[3];
		folder = argv[4];
		only = argc > 5 ? argv[5] : NULL;
	}
	buf_printf(&observed, "%s/observed-12.8.0", folder);
	is_there = test_folder(ctx, folder, only);
	if (!is_other)
		is_there = test_folder(ctx, observed.data, only) && is_there;
	buf_free(&observed);
	iof_ctx_unref(ctx);
	if (!is_there) {
		printf("skipped: no samples in %s\n", folder);
		return SKIPPED;
	}
	printf("%u of %u pairs agree (%u refusals among them), %u explained, %u differ\n", equal,
	       total, refused, explained, failed);
	return failed || equal * 100 < total * 98;
}
