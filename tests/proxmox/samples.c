/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * samples.c - qemu-server's own pairs of a config and its command line (NAME.conf, NAME.conf.cmd):
 * the machine that comes of the config must be the one that comes of the command line. They are
 * another project's and not part of this one: without them the test is skipped.
 */
#include <dirent.h>
#include <errno.h>

#include "proxmox_tests.h"

/* The host that these pairs were made for (run_config2command_tests.pl): which functions it has,
 * a custom CPU model, mappings. */
static const char *const functions[] = {
	"0000:00:02.0", "0000:00:43.1", "0000:00:f4.0", "0000:00:ff.1", "0000:01:00.4",
	"0000:01:00.5", "0000:01:00.6", "0000:07:10.0", "0000:07:10.1", "0000:07:10.4",
	"0000:0f:f2.0", "0000:d0:13.0", "0000:d0:15.1", "0000:d0:15.2", "0000:d0:17.0",
	"0000:f0:42.0", "0000:f0:43.0", "0000:f0:43.1", "1234:f0:43.1",
};

static const struct {
	const char *path, *text;
} files[] = {
	{"/etc/hostname", "localhost\n"},
	{"/etc/pve/virtual-guest/cpu-models.conf", "cpu-model: qemu64\n"
						   "    reported-model athlon\n"
						   "    flags +aes;+avx;-kvm_pv_unhalt\n"
						   "    hv-vendor-id testvend\n"
						   "    phys-bits 40\n\n"
						   "cpu-model: alldefault\n\n"},
	{"/etc/pve/mapping/pci.cfg",
	 "someGpu\n\tmdev 1\n"
	 "\tmap node=localhost,path=0000:01:00.4,id=10de:2231,iommugroup=1\n"
	 "\tmap node=localhost,path=0000:01:00.5,id=10de:2231,iommugroup=1\n"
	 "\tmap node=localhost,path=0000:01:00.6,id=10de:2231,iommugroup=1\n\n"
	 "someNic\n"
	 "\tmap node=localhost,path=0000:07:10.0,id=8086:1520,iommugroup=2\n"
	 "\tmap node=localhost,path=0000:07:10.1,id=8086:1520,iommugroup=2\n"
	 "\tmap node=localhost,path=0000:07:10.4,id=8086:1520,iommugroup=2\n"},
};

/* Pairs in which the two may differ, and why that is right: none as yet. */
static const struct {
	const char *name, *why;
} differing[] = {
	{NULL, NULL},
};

static const char *samples;
static size_t n_same, n_pairs, n_unexplained;

static int open_sample(void *data, const char *path, char **bytes, size_t *length)
{
	struct buf folder = {0};
	int ret;

	(void)data;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (str_eq(path, files[i].path)) {
			*length = strlen(files[i].text);
			*bytes = strdup(files[i].text);
			return *bytes ? 0 : -ENOMEM;
		}
	}
	buf_printf(&folder, "%s/cfg", samples);
	ret = open_in(folder.data, path, bytes, length);
	buf_free(&folder);
	return ret;
}

/* "# KEY: value" at the top of a config. */
static char *header(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strndup(at + strlen(key), strcspn(at + strlen(key), "\r\n")) : NULL;
}

static struct iof_vm *load(struct iof_ctx *ctx, enum iof_language language, const char *text,
			   size_t length, const char *headers)
{
	char *version = header(headers, "# QEMU_VERSION: ");
	char *arch = header(headers, "# HOST_ARCH: "),
	     *vendor = header(headers, "# HOST_CPU_VENDOR: ");
	struct iof_vm_options options = {
		.size = sizeof(options),
		.host_phys_bits = 46,
		.open = open_sample,
		.vmm = version,
		.host_arch = arch ? arch : "x86_64",
		.host_cpu_vendor = vendor ? vendor : "GenuineIntel",
		.host_functions = functions,
		.n_host_functions = ARRAY_SIZE(functions),
	};
	struct iof_vm *vm = NULL;

	if (iof_vm_load_config(ctx, language, text, length, "8006.conf", &options, &vm))
		print_error("%s\n", iof_ctx_error(ctx));
	free(version);
	free(arch);
	free(vendor);
	return vm;
}

static struct iof_machine *resolve(struct iof_ctx *ctx, struct iof_host *host, struct iof_vm *vm)
{
	struct iof_vmm vmm = {.size = sizeof(vmm),
			      .version = "qemu=11.0.2",
			      .memlock = UINT64_MAX,
			      .firmware = NULL};
	struct iof_machine *m = NULL;

	if (iof_machine_resolve(ctx, host, vm, &vmm, &m))
		print_error("%s\n", iof_ctx_error(ctx));
	return m;
}

/* What qemu-server refuses, by its text. */
static bool refuses(const struct iof_vm *vm, const char *text)
{
	for (size_t i = 0; i < vm->n_remarks; i++) {
		if (vm->remarks[i].kind != REMARK_REFUSED)
			continue;
		if (str_eq(vm->remarks[i].text, text))
			return true;
		print_message("  here: %s\n", vm->remarks[i].text);
	}
	return false;
}

static bool warns(const char *name, const struct iof_vm *vm, const char *text)
{
	for (size_t i = 0; i < vm->n_remarks; i++) {
		if (vm->remarks[i].kind == REMARK_WARNED && str_eq(vm->remarks[i].text, text))
			return true;
	}
	print_message("%s: no warning: %s\n", name, text);
	return false;
}

static const char *refusal(const struct iof_vm *vm)
{
	for (size_t i = 0; i < vm->n_remarks; i++) {
		if (vm->remarks[i].kind == REMARK_REFUSED)
			return vm->remarks[i].text;
	}
	return NULL;
}

static bool same_machine(const char *name, struct iof_ctx *ctx, struct iof_host *host,
			 struct iof_vm *mine, struct iof_vm *peers)
{
	struct iof_machine *a, *b;
	char *text_a, *text_b;
	bool same;

	/* Qemu-server's own warnings are not the peer's. */
	mine->n_remarks = 0;
	a = resolve(ctx, host, mine);
	b = resolve(ctx, host, peers);
	text_a = machine_text(ctx, host, a);
	text_b = machine_text(ctx, host, b);
	same = same_text(name, text_a, text_b);
	if (getenv("IOMMUFIT_TEST_VERBOSE") && !same)
		print_message("%s\n----\n%s\n", text_a, text_b);
	free(text_a);
	free(text_b);
	iof_machine_unref(a);
	iof_machine_unref(b);
	return same;
}

static bool check_pair(struct iof_ctx *ctx, struct iof_host *host, const char *name,
		       const char *text, size_t length)
{
	char *error = header(text, "# EXPECT_ERROR: "), *warning = header(text, "# EXPECT_WARN: ");
	struct iof_vm *mine = load(ctx, IOF_LANGUAGE_PROXMOX, text, length, text), *peers = NULL;
	struct buf peer_name = {0};
	size_t peer_length;
	char *peer;
	bool ok = mine != NULL;

	buf_printf(&peer_name, "%s.cmd", name);
	peer = read_text(samples, peer_name.data, &peer_length);
	buf_free(&peer_name);
	if (ok && error) {
		ok = refuses(mine, error);
		if (!ok)
			print_message("%s: not refused: %s\n", name, error);
	} else if (ok && peer) {
		const char *refused = refusal(mine);

		if (refused)
			print_message("%s: refused: %s\n", name, refused);
		ok = !refused && (!warning || warns(name, mine, warning));
		peers = load(ctx, IOF_LANGUAGE_QEMU_ARGV, peer, peer_length, "");
		/* Nobody binds devices for a command line. */
		for (size_t i = 0; peers && i < mine->n_options; i++)
			mine->options[i].binds_host = false;
		ok = ok && peers && same_machine(name, ctx, host, mine, peers);
	}
	iof_vm_unref(mine);
	iof_vm_unref(peers);
	free(error);
	free(warning);
	free(peer);
	return ok;
}

static const char *known_difference(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(differing); i++) {
		if (differing[i].name && str_eq(differing[i].name, name))
			return differing[i].why;
	}
	return NULL;
}

static int is_conf(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 5 && str_eq(entry->d_name + n - 5, ".conf");
}

static void test_samples(void **state)
{
	struct dirent **names = NULL;
	struct iof_ctx *ctx = NULL;
	struct iof_host *host = NULL;
	int n = scandir(samples, &names, is_conf, alphasort);

	(void)state;
	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_equal(iof_host_load(ctx, "cpu:i7-13700k", NULL, &host), 0);
	for (int i = 0; i < n; i++) {
		size_t length;
		char *text = read_text(samples, names[i]->d_name, &length);
		const char *why = known_difference(names[i]->d_name);
		bool same = check_pair(ctx, host, names[i]->d_name, text, length);

		n_pairs++;
		n_same += same;
		if (!same && why)
			print_message("%s: as it should be: %s\n", names[i]->d_name, why);
		n_unexplained += !same && !why;
		free(text);
		free(names[i]);
	}
	free(names);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
	print_message("%zu of %zu configs come out as qemu-server's\n", n_same, n_pairs);
	assert_true(n_same * 100 >= n_pairs * 98);
	assert_int_equal(n_unexplained, 0);
}

bool samples_are_there(void)
{
	DIR *folder;

	samples = getenv("IOMMUFIT_TEST_SAMPLES");
	folder = samples ? opendir(samples) : NULL;
	if (folder)
		closedir(folder);
	else
		print_message("skipped: no qemu-server configs in %s\n",
			      samples ? samples : "IOMMUFIT_TEST_SAMPLES");
	return folder;
}

int samples_run(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
