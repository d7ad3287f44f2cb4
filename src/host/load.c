// SPDX-License-Identifier: LGPL-2.1-or-later
/* load.c - a host from each kind of source. */
#include "host/load.h"
#include "host/finish.h"
#include "host/loader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRATCH_BLOCK (16u * 1024)
#define TEXTS_BLOCK (64u * 1024)
#define PROFILE_MAX (64u * 1024 * 1024)

static void take_measured(struct loader *load, const struct iof_host_options *options)
{
	if (!options || !options->measured)
		return;
	load->measured = options->measured;
	load->measured_length = options->measured_length;
}

static int take_wanted(struct loader *load, const struct iof_host_options *options)
{
	if (!options || !options->devices)
		return 0;
	load->n_wanted = options->n_devices;
	load->wanted = arena_array(load->texts, load->n_wanted ? load->n_wanted : 1,
				   sizeof(*load->wanted));
	if (!load->wanted)
		return fact_no_memory(load);
	for (size_t i = 0; i < load->n_wanted; i++)
		if (parse_bdf(options->devices[i], &load->wanted[i]))
			return ctx_fail(load->ctx, -EINVAL,
					"device %s: expected an address as 01:00.0",
					options->devices[i]);
	if (load->n_wanted)
		qsort(load->wanted, load->n_wanted, sizeof(*load->wanted), address_order);
	return 0;
}

/* Something of procfs or sysfs must be there, or it is not the root of a host. */
static int check_root(struct loader *load)
{
	if (root_exists(load->root, "/sys") || root_exists(load->root, "/proc"))
		return 0;
	return ctx_fail(load->ctx, -EBADMSG, "%s: not a host's root: it has neither proc nor sys",
			load->host->source);
}

static int as_root(struct loader *load)
{
	if (load->host->is_live && geteuid() == 0)
		load->host->read_as_root = true;
	return 0;
}

static int (*const steps[])(struct loader *) = {
	check_root,	 as_root,
	load_kernel,	 load_cpu,
	load_tables,	 load_units_and_devices,
	load_parameters, load_interrupt_remapping,
	load_hugepages,	 load_log_facts,
	load_absence,	 load_canwbs,
	load_measured,
};

static int run(struct loader *load, const char *source, const struct iof_host_options *options)
{
	struct iof_host *host = load->host;
	int err;

	host->source = arena_strdup(host->arena, source);
	if (!host->source)
		return fact_no_memory(load);
	host->name = host->source;
	host->is_live = root_kind(load->root) == ROOT_LIVE;
	take_measured(load, options);
	err = take_wanted(load, options);
	for (size_t i = 0; !err && i < ARRAY_SIZE(steps); i++) {
		err = steps[i](load);
		if (root_error(load->root))
			err = fact_no_memory(load);
		arena_reset(load->scratch);
	}
	if (!err)
		err = host_apply_options(load->ctx, host, options);
	return err ? err : host_finish(load->ctx, host);
}

int host_load_from_root(struct iof_ctx *ctx, struct root *root, const char *source,
			const struct iof_host_options *options, struct iof_host **out)
{
	struct loader load = {.ctx = ctx, .root = root};
	int err;

	if (options && options->size < sizeof(*options))
		return ctx_fail(ctx, -EINVAL, "struct iof_host_options: size is not set");
	load.host = host_new();
	load.scratch = arena_new(SCRATCH_BLOCK);
	load.texts = arena_new(TEXTS_BLOCK);
	if (!load.host || !load.scratch || !load.texts)
		err = ctx_fail(ctx, -ENOMEM, "out of memory");
	else
		err = run(&load, source, options);
	arena_free(load.scratch);
	arena_free(load.texts);
	if (err)
		host_free(load.host);
	else
		*out = load.host;
	return err;
}

static int load_and_free(struct iof_ctx *ctx, struct root *root, const char *source,
			 const struct iof_host_options *options, struct iof_host **out)
{
	int err = host_load_from_root(ctx, root, source, options, out);

	root_free(root);
	return err;
}

IOF_EXPORT int iof_host_load_live(struct iof_ctx *ctx, const struct iof_host_options *options,
				  struct iof_host **out)
{
	struct root *root;
	int err = root_live(ctx, &root);

	return err ? err : load_and_free(ctx, root, "live", options, out);
}

IOF_EXPORT int iof_host_load_root(struct iof_ctx *ctx, const char *path,
				  const struct iof_host_options *options, struct iof_host **out)
{
	struct root *root;
	int err = root_folder(ctx, path, &root);

	return err ? err : load_and_free(ctx, root, path, options, out);
}

IOF_EXPORT int iof_host_load_io(struct iof_ctx *ctx, const struct iof_io *io,
				const struct iof_host_options *options, struct iof_host **out)
{
	struct root *root;
	int err = root_io(ctx, io, &root);

	return err ? err : load_and_free(ctx, root, "embedder", options, out);
}

static int fail_errno(struct iof_ctx *ctx, const char *path)
{
	int err = -errno;

	return ctx_fail(ctx, err, "%s: %s", path, strerror(-err));
}

static int read_rest(struct iof_ctx *ctx, FILE *file, const char *path, struct buf *out)
{
	char chunk[65536];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		if (out->length + n > PROFILE_MAX)
			return ctx_fail(ctx, -EBADMSG, "%s:1: larger than 64 MiB", path);
		buf_append(out, chunk, n);
		if (out->err)
			return ctx_fail(ctx, out->err, "out of memory");
	}
	return ferror(file) ? fail_errno(ctx, path) : 0;
}

/* A profile is JSON, so its first letter is a brace; anything else can only be a capture. */
static int load_file(struct iof_ctx *ctx, const char *path, const struct iof_host_options *options,
		     struct iof_host **out)
{
	FILE *file = fopen(path, "re");
	struct buf text = {0};
	int first, err;

	if (!file)
		return fail_errno(ctx, path);
	do
		first = fgetc(file);
	while (first == ' ' || first == '\t' || first == '\n' || first == '\r');
	if (first != '{') {
		fclose(file);
		return iof_host_load_capture(ctx, path, options, out);
	}
	rewind(file);
	err = read_rest(ctx, file, path, &text);
	fclose(file);
	if (!err)
		err = iof_host_load_profile(ctx, text.data, text.length, path, options, out);
	buf_free(&text);
	return err;
}

IOF_EXPORT int iof_host_load(struct iof_ctx *ctx, const char *where,
			     const struct iof_host_options *options, struct iof_host **out)
{
	struct stat st;

	if (!where || !*where)
		return iof_host_load_live(ctx, options, out);
	if (str_starts(where, "cpu:"))
		return iof_host_load_catalog(ctx, where + 4, options, out);
	if (stat(where, &st) < 0)
		return fail_errno(ctx, where);
	if (S_ISDIR(st.st_mode))
		return iof_host_load_root(ctx, where, options, out);
	return load_file(ctx, where, options, out);
}
