/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keep.c - see probe.h: answers are kept in /run until the next boot, merged by device. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/emit.h"
#include "base/error.h"
#include "base/json.h"
#include "live/lock.h"
#include "live/probe.h"
#include "live/qmp.h"

#define TEMPORARY MEASURED_PATH ".new"
/* A device has some kilobytes, a host some hundred devices. */
#define MAX_OLD_BYTES (16u << 20)

static int append(void *data, const char *bytes, size_t length)
{
	struct buf *text = data;

	buf_append(text, bytes, length);
	return text->err;
}

static bool is_asked(const struct probed *d)
{
	bool any = d->answers.hw_info.asked || d->answers.viommu_asked;

	for (size_t use = 0; use < MEASURED_USES; use++)
		any |= d->answers.domain[use].asked;
	return any;
}

static bool is_any_asked(const struct iof_live_probe *probe)
{
	for (size_t i = 0; i < probe->n_devices; i++)
		if (is_asked(&probe->devices[i]))
			return true;
	return false;
}

static const char *text_member(const struct json_value *object, const char *key)
{
	const struct json_value *value = json_member(object, key);

	return value && value->type == JSON_STRING && strlen(value->text) == value->n ? value->text
										      : NULL;
}

/* The devices of a text of an earlier probe, or why it does not count. */
static const struct json_value *old_devices(const struct iof_live_probe *probe,
					    const struct json_value *root, const char **ignored)
{
	const struct json_value *devices;
	const char *schema, *boot_id;

	*ignored = "What had been kept was damaged.";
	if (root->type != JSON_OBJECT)
		return NULL;
	schema = text_member(root, "schema");
	boot_id = text_member(root, "boot_id");
	devices = json_member(root, "devices");
	if (!schema || strcmp(schema, MEASURED_SCHEMA) != 0 || !boot_id || !devices ||
	    devices->type != JSON_ARRAY)
		return NULL;
	if (strcmp(boot_id, probe->boot_id) != 0) {
		*ignored = "What had been kept was of an earlier boot.";
		return NULL;
	}
	*ignored = NULL;
	return devices;
}

/* The answers of before about a device; NULL: none. */
static const struct json_value *old_device(const struct json_value *devices, const char *bdf)
{
	for (size_t i = 0; devices && i < devices->n; i++) {
		const struct json_value *device = &devices->items[i];
		const char *name = device->type == JSON_OBJECT ? text_member(device, "bdf") : NULL;

		if (name && strcmp(name, bdf) == 0)
			return device;
	}
	return NULL;
}

static bool is_replaced(const struct iof_live_probe *probe, const struct json_value *device)
{
	const char *bdf = device->type == JSON_OBJECT ? text_member(device, "bdf") : NULL;

	for (size_t i = 0; bdf && i < probe->n_devices; i++)
		if (is_asked(&probe->devices[i]) && strcmp(probe->devices[i].answers.bdf, bdf) == 0)
			return true;
	return !bdf;
}

static void put_raw(struct emit *e, const char *key, const char *old,
		    const struct json_value *value)
{
	if (value)
		emit_json(e, key, old + value->start, value->end - value->start);
}

static const struct json_value *object_member(const struct json_value *object, const char *key)
{
	const struct json_value *value = object ? json_member(object, key) : NULL;

	return value && value->type == JSON_OBJECT ? value : NULL;
}

/* What was asked now, and of the rest what was answered before: the kernel is the same. */
static void put_device(struct emit *e, const struct measured_device *a, const char *old,
		       const struct json_value *before)
{
	const struct json_value *domains = object_member(before, "domains");
	const struct json_value *dma = before ? json_member(before, "dma_available") : NULL;

	emit_object(e, NULL);
	emit_string(e, "bdf", a->bdf);
	emit_string(e, "unit", a->unit);
	if (a->group >= 0)
		emit_u64(e, "group", (uint64_t)a->group);
	emit_object(e, "domains");
	for (size_t use = 0; use < MEASURED_USES; use++)
		if (a->domain[use].asked)
			measured_write_domain(e, (enum measured_use)use, &a->domain[use]);
		else
			put_raw(e, measured_use_names[use], old,
				object_member(domains, measured_use_names[use]));
	emit_object_end(e);
	if (a->hw_info.asked)
		measured_write_hw_info(e, &a->hw_info);
	else
		put_raw(e, "hw_info", old, object_member(before, "hw_info"));
	if (a->viommu_asked)
		measured_write_viommu(e, a->viommu_error);
	else
		put_raw(e, "viommu", old, object_member(before, "viommu"));
	if (a->dma_available)
		emit_u64(e, "dma_available", a->dma_available);
	else if (dma && dma->type == JSON_INTEGER)
		put_raw(e, "dma_available", old, dma);
	emit_object_end(e);
}

static void put_all(struct emit *e, const struct iof_live_probe *probe, const char *old,
		    const struct json_value *devices)
{
	emit_object(e, NULL);
	emit_string(e, "schema", MEASURED_SCHEMA);
	emit_string(e, "boot_id", probe->boot_id);
	emit_string(e, "kernel", probe->kernel);
	emit_array(e, "devices");
	for (size_t i = 0; devices && i < devices->n; i++)
		if (!is_replaced(probe, &devices->items[i]))
			put_raw(e, NULL, old, &devices->items[i]);
	for (size_t i = 0; i < probe->n_devices; i++) {
		const struct measured_device *answers = &probe->devices[i].answers;

		if (is_asked(&probe->devices[i]))
			put_device(e, answers, old, old_device(devices, answers->bdf));
	}
	emit_array_end(e);
	emit_object_end(e);
}

IOF_EXPORT int iof_live_probe_measured(struct iof_ctx *ctx, struct iof_live_probe *probe,
				       const char *old, size_t n_old, char **text, size_t *length,
				       const char **ignored)
{
	struct buf buffer = {0};
	struct iof_output out = {
		.size = sizeof(out), .write = append, .data = &buffer, .format = IOF_FORMAT_JSON};
	const struct json_value *devices = NULL;
	struct json_value root;
	struct json_error error;
	struct emit e;
	int err = old ? json_parse(probe->arena, old, n_old, &root, &error) : 0;

	*ignored = NULL;
	if (err == -ENOMEM)
		return iof_ctx_error_set(ctx, err, "out of memory");
	if (err)
		*ignored = "What had been kept was damaged.";
	else if (old)
		devices = old_devices(probe, &root, ignored);
	emit_begin(&e, &out);
	put_all(&e, probe, old, devices);
	err = emit_end(&e);
	if (err) {
		buf_free(&buffer);
		return iof_ctx_error_set(ctx, err, "out of memory");
	}
	*length = buffer.length;
	*text = buf_steal(&buffer);
	return *text ? 0 : iof_ctx_error_set(ctx, -ENOMEM, "out of memory");
}

/* ---- the file ---- */

/* A new file of ours beside it, then in its place: a reader sees the one or the other. Nobody but
 * root can write to that folder; a name that is there already is a rest of a run that was cut off.
 */
static int replace(const struct live_calls *calls, const char *text, size_t length)
{
	int fd, err;

	call_unlink(calls, TEMPORARY);
	fd = call_open(calls, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		       0644);
	if (fd < 0)
		return fd;
	err = call_fchmod(calls, fd, 0644);
	if (!err)
		err = call_write_all(calls, fd, text, length);
	if (!err)
		err = call_fsync(calls, fd);
	call_close(calls, fd);
	if (!err)
		err = call_rename(calls, TEMPORARY, MEASURED_PATH);
	if (err)
		call_unlink(calls, TEMPORARY);
	return err;
}

/* Everybody may read the answers, whatever umask root has. The lock has made the folder. */
static int open_folder(struct iof_ctx *ctx, const struct live_calls *calls)
{
	int fd = call_open(calls, RUN_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	int err = fd < 0 ? fd : call_fchmod(calls, fd, 0755);

	call_close(calls, fd);
	return err ? live_fail(ctx, err, RUN_FOLDER, "%s", strerror(-err)) : 0;
}

IOF_EXPORT int iof_live_probe_keep(struct iof_ctx *ctx, struct iof_live_probe *probe,
				   const char **ignored)
{
	const struct live_calls *calls = probe->calls;
	char *old = NULL, *text = NULL;
	size_t n_old = 0, length = 0;
	int err;

	*ignored = NULL;
	if (!is_any_asked(probe))
		return 0;
	err = probe_lock(ctx, probe);
	if (!err)
		err = open_folder(ctx, calls);
	if (err)
		return err;
	err = call_read_file(calls, MEASURED_PATH, MAX_OLD_BYTES, &old, &n_old);
	if (err && err != -ENOENT && err != -EFBIG)
		return live_fail(ctx, err, MEASURED_PATH, "%s", strerror(-err));
	err = iof_live_probe_measured(ctx, probe, old, n_old, &text, &length, ignored);
	free(old);
	if (err)
		return err;
	err = replace(calls, text, length);
	free(text);
	if (err)
		return live_fail(ctx, err, MEASURED_PATH, "%s", strerror(-err));
	probe->kept = MEASURED_PATH;
	return 0;
}
