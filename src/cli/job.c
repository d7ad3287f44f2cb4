/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job.c - loads the VM and of the host what concerns it, and runs the check. */
#include "job.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "manager.h"

#define MAX_CONFIG (4u << 20) /* bytes; the parser has its own, lower limits */

int host_load(struct tool *t, const char *const *devices, size_t n, struct iof_host **host)
{
	const struct arguments *a = &t->args;
	struct iof_host_options options = {
		.size = sizeof(options),
		.kernel = a->kernel,
		.devices = devices,
		.n_devices = n,
		.drivers = a->drivers.items,
		.n_drivers = a->drivers.n,
		.bars = a->bars.items,
		.n_bars = a->bars.n,
	};

	return iof_host_load(t->ctx, a->host, &options, host);
}

/* "0000:01:00.0" or "01:00.0" */
static bool is_bdf(const char *text)
{
	static const char full[] = "xxxx:xx:xx.d", brief[] = "xx:xx.d";
	const char *form = strlen(text) == sizeof(full) - 1 ? full : brief;

	for (; *form && *text; form++, text++) {
		if (*form == 'x'   ? !isxdigit((unsigned char)*text)
		    : *form == 'd' ? *text < '0' || *text > '7'
				   : *form != *text)
			return false;
	}
	return !*form && !*text;
}

/* The host devices that a VM names; a sysfsdev= is a path that ends in the address. */
static int add_assigned(const struct iof_vm *vm, struct words *devices)
{
	const char *name;

	for (size_t i = 0; (name = iof_vm_assigned(vm, i)); i++) {
		const char *slash = strrchr(name, '/');
		int err;

		name = slash ? slash + 1 : name;
		err = is_bdf(name) ? words_add(devices, name) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* A device to be plugged is read as part of a command line of its own. One that does not parse
 * names nothing. */
static int add_plugged(struct tool *t, const char *device, struct words *devices)
{
	bool is_path = strncmp(device, "path=", 5) == 0 || strstr(device, ",path=");
	const char *const argv[] = {is_path ? "cloud-hypervisor" : "qemu-system-x86_64",
				    is_path ? "--device" : "-device", device};
	struct iof_vm *vm = NULL;
	int err = iof_vm_load_argv(t->ctx, argv, 3, "--plug", &vm);

	if (err == 0)
		err = add_assigned(vm, devices);
	iof_vm_unref(vm);
	return err;
}

/* Proxmox asks the host which functions a device has, so all of them count; and a fix may make
 * readable what names a device. A machine of the catalogue has those that are asked for. */
static bool wants_all_devices(const struct tool *t, const struct job *job)
{
	return (t->args.command == COMMAND_FIX ||
		iof_vm_language(job->vm) == IOF_LANGUAGE_PROXMOX) &&
	       !(t->args.host && strncmp(t->args.host, "cpu:", 4) == 0);
}

static int load_wanted_host(struct tool *t, struct job *job)
{
	struct words devices = {0};
	const char *none = NULL;
	int err;

	if (wants_all_devices(t, job))
		return host_load(t, NULL, 0, &job->host);
	err = add_assigned(job->vm, &devices);
	for (size_t i = 0; !err && i < t->args.plug.n; i++)
		err = add_plugged(t, t->args.plug.items[i], &devices);
	if (!err)
		err = host_load(t, devices.n ? (const char *const *)devices.items : &none,
				devices.n, &job->host);
	words_free(&devices);
	return err;
}

static int open_for_vm(void *data, const char *path, char **bytes, size_t *length)
{
	(void)data;
	return file_read_regular(path, MAX_CONFIG, bytes, length);
}

static bool names_readconfig(const struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->items[i], "-readconfig") == 0 ||
		    strcmp(w->items[i], "--readconfig") == 0)
			return true;
	return false;
}

/* As /proc/PID/cmdline would show it: the form of a command line in which files can be opened. */
static int parse_joined(struct tool *t, const struct config *c, enum iof_language language,
			const struct iof_vm_options *options, struct iof_vm **vm)
{
	struct bytes joined = {0};
	int err = 0;

	for (size_t i = 0; !err && i < c->words.n; i++)
		err = bytes_append(&joined, c->words.items[i], strlen(c->words.items[i]) + 1);
	if (!err)
		err = iof_vm_load_config(t->ctx, language, joined.data, joined.length, c->name,
					 options, vm);
	free(joined.data);
	return err;
}

/* What the manager asks of the host. */
static int describe_host(const struct tool *t, const struct job *job, struct words *functions,
			 struct iof_vm_options *options)
{
	static const char *const none[] = {NULL}; /* none at all is an answer too */
	const struct iof_device *device;
	int err = 0;

	options->host_phys_bits = iof_host_cpu_phys_bits(job->host);
	options->host_cpu_vendor = iof_host_cpu_vendor(job->host);
	options->host_arch = iof_host_arch(job->host);
	if (!wants_all_devices(t, job))
		return 0;
	iof_host_device_foreach(job->host, device)
	{
		if (!err)
			err = words_add(functions, iof_device_bdf(device));
	}
	options->host_functions = functions->n ? (const char *const *)functions->items : none;
	options->n_host_functions = functions->n;
	return err;
}

static int parse_with(struct tool *t, const struct config *c, const struct iof_vm_options *options,
		      struct iof_vm **vm)
{
	if (!c->text && options->open && names_readconfig(&c->words))
		return parse_joined(t, c, IOF_LANGUAGE_QEMU_ARGV, options, vm);
	if (!c->text && options->manager)
		return parse_joined(t, c, IOF_LANGUAGE_AUTO, options, vm);
	if (!c->text)
		return iof_vm_load_argv(t->ctx, (const char *const *)c->words.items, c->words.n,
					c->name, vm);
	return iof_vm_load_config(t->ctx, IOF_LANGUAGE_AUTO, c->text, c->length, c->name, options,
				  vm);
}

/* Cloud Hypervisor reads its config itself: which one it is counts for reading it, too. */
static const char *manager_of(const struct arguments *a)
{
	bool is_own = !a->manager && a->vmm && strncmp(a->vmm, "cloud-hypervisor=", 17) == 0;

	return is_own ? a->vmm : a->manager;
}

int job_parse(struct tool *t, const struct job *job, const struct config *c, struct iof_vm **vm)
{
	struct words functions = {0};
	struct iof_vm_options options = {
		.size = sizeof(options),
		.manager = manager_of(&t->args),
		.open = host_is_live(&t->args) ? open_for_vm : NULL,
		.vmm = t->args.vmm,
	};
	int err = job->host ? describe_host(t, job, &functions, &options) : 0;

	if (!err)
		err = parse_with(t, c, &options, vm);
	words_free(&functions);
	return err;
}

/* What a manager makes of a config may depend on the host, and which devices of the host matter
 * depends on the config. */
static int parse_again(struct tool *t, struct job *job)
{
	struct iof_vm *vm = NULL;
	int err;

	if (iof_vm_language(job->vm) == IOF_LANGUAGE_QEMU_ARGV)
		return 0;
	err = job_parse(t, job, &job->config, &vm);
	if (err)
		return err;
	iof_vm_unref(job->vm);
	job->vm = vm;
	return 0;
}

static int read_config(struct tool *t, struct job *job)
{
	const struct arguments *a = &t->args;
	struct config *c = &job->config;
	const char *path;
	int err = running_open(t, job);

	if (err || c->text) /* the command has read it already */
		return err;
	if (names_managed(a))
		return managed_read(t, c);
	if (a->pid || (a->qmp && !a->vm && !a->vm_argc && !a->operands.n))
		return running_config(t, job);
	if (a->vm_argc) {
		c->name = "command line";
		for (size_t i = 0; !err && i < a->vm_argc; i++)
			err = words_add(&c->words, a->vm_argv[i]);
		return err;
	}
	path = a->vm ? a->vm : a->operands.items[0];
	c->name = strcmp(path, "-") == 0 ? "<stdin>" : path;
	return file_read(t, path, MAX_CONFIG, &c->text, &c->length);
}

/* check --device: what a user would begin with. */
static int make_ordinary_vm(struct tool *t, struct iof_vm **vm)
{
	const struct list *devices = &t->args.devices;
	int err = iof_vm_new(t->ctx, "q35", vm);

	for (size_t i = 0; !err && i < devices->n; i++) {
		const char *const properties[] = {"host", devices->items[i], NULL};

		if (!is_bdf(devices->items[i]))
			err = tool_error(t, -EINVAL,
					 "--device: '%s' is no PCI address, as 0000:01:00.0",
					 devices->items[i]);
		else
			err = iof_vm_device_add(t->ctx, *vm, "vfio-pci", properties);
	}
	return err;
}

static int try_program(struct tool *t, const char *path, char **version)
{
	return access(path, R_OK) == 0 ? iof_vmm_read_version(t->ctx, path, version) : -ENOENT;
}

/* A name without a slash is looked for as a shell does. */
static void search_program(struct tool *t, const char *name, char **version)
{
	const char *folders = getenv("PATH");

	while (folders && *folders && !*version) {
		size_t length = strcspn(folders, ":");
		char *path;

		if (asprintf(&path, "%.*s/%s", (int)length, folders, name) < 0)
			return;
		if (length && try_program(t, path, version) != 0)
			*version = NULL;
		free(path);
		folders += length + (folders[length] == ':');
	}
}

/* Not finding a version is no error: the machine type then decides, and the answer says so. */
static void read_vmm_version(struct tool *t, struct job *job)
{
	const char *program = job->config.program ? job->config.program : iof_vm_program(job->vm);
	const char *live = job->live ? iof_live_version(job->live) : NULL;

	/* Without memory for it, the file is asked. */
	job->version_read = live ? strdup(live) : NULL;
	if (job->version_read) {
		job->vmm.version_source = "as the running QEMU says";
		return;
	}
	if (!program || !*program || !host_is_live(&t->args) || t->args.vmm)
		return;
	if (!strchr(program, '/'))
		search_program(t, program, &job->version_read);
	else if (try_program(t, program, &job->version_read) != 0)
		job->version_read = NULL;
}

/* Where distributions keep QEMU's own; the first that is there. */
static const char *const seabios_images[] = {
	"/usr/share/seabios/bios-256k.bin",    "/usr/share/qemu/bios-256k.bin",
	"/usr/share/kvm/bios-256k.bin",	       "/usr/share/qemu-kvm/bios-256k.bin",
	"/usr/local/share/qemu/bios-256k.bin",
};

/* Not finding it is no error either. */
static void read_firmware_version(struct tool *t, struct job *job)
{
	const char *path = iof_vm_firmware(job->vm);

	if (!host_is_live(&t->args) || t->args.firmware)
		return;
	for (size_t i = 0; !path && i < sizeof(seabios_images) / sizeof(seabios_images[0]); i++)
		path = access(seabios_images[i], R_OK) == 0 ? seabios_images[i] : NULL;
	if (path && iof_firmware_read_version(t->ctx, path, &job->firmware_read) != 0)
		job->firmware_read = NULL;
}

int job_open(struct tool *t, struct job *job)
{
	const struct arguments *a = &t->args;
	int err = 0;

	if (a->devices.n) {
		err = make_ordinary_vm(t, &job->vm);
	} else {
		err = read_config(t, job);
		if (!err)
			err = job_parse(t, job, &job->config, &job->vm);
	}
	if (!err)
		err = load_wanted_host(t, job);
	if (!err)
		err = parse_again(t, job);
	if (err)
		return err;
	read_vmm_version(t, job);
	read_firmware_version(t, job);
	job->vmm = (struct iof_vmm){
		.size = sizeof(job->vmm),
		.version = a->vmm,
		.version_read = job->version_read,
		.version_source = job->vmm.version_source,
		.backend = a->backend,
		.plug = a->plug.items,
		.n_plug = a->plug.n,
		.firmware = a->firmware,
		.firmware_read = job->firmware_read,
		.memlock = a->memlock ? a->memlock : job->config.memlock,
	};
	return iof_report_new(t->ctx, &job->report);
}

int job_check(struct tool *t, struct job *job, struct iof_vm *vm)
{
	struct iof_options options = {.size = sizeof(options), .migrate = t->args.migrate};
	int err;

	if (vm != job->vm)
		iof_vm_unref(job->vm);
	job->vm = vm;
	iof_machine_unref(job->machine);
	job->machine = NULL;
	err = iof_machine_resolve(t->ctx, job->host, job->vm, &job->vmm, &job->machine);
	return err ? err : iof_check(job->host, job->machine, &options, job->report);
}

void job_close(struct job *job)
{
	running_close(job);
	iof_report_unref(job->report);
	iof_machine_unref(job->machine);
	iof_vm_unref(job->vm);
	iof_host_unref(job->host);
	free(job->version_read);
	free(job->firmware_read);
	free(job->config.text);
	words_free(&job->config.words);
	free(job->config.own_name);
	free(job->config.program);
}

int job_finish(struct tool *t, struct job *job, int err)
{
	int status = err ? tool_fail(t, err)
			 : tool_finish(t, tool_verdict(iof_report_verdict(job->report)));

	job_close(job);
	return status;
}
