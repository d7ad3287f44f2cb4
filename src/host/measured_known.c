// SPDX-License-Identifier: LGPL-2.1-or-later
/* measured_known.c - what of the kernel's answers may leave the machine. */
#include <errno.h>

#include "base/emit.h"
#include "host/measured.h"
#include "host/profile_json.h"

static int append(void *data, const char *bytes, size_t length)
{
	struct buf *text = data;

	buf_append(text, bytes, length);
	return text->err;
}

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* A text that could hold more than the name that it should be is left out. */
static const char *name_of(const char *text, const char *characters)
{
	return text && strlen(text) < 64 && strspn(text, characters) == strlen(text) ? text : NULL;
}

static void forget_texts(struct measured *measured)
{
	for (size_t i = 0; i < measured->n; i++) {
		struct measured_device *device = &measured->devices[i];

		device->unit = name_of(device->unit, DIGITS "abcdefghijklmnopqrstuvwxyz.:@_-");
		for (size_t use = 0; use < MEASURED_USES; use++)
			device->domain[use].call =
				name_of(device->domain[use].call, CAPITALS DIGITS "_");
	}
}

int measured_known(struct arena *arena, const char *bytes, size_t length, const char *boot_id,
		   const char *kernel, const char **out, size_t *out_length)
{
	struct buf text = {0};
	struct iof_output output = {
		.size = sizeof(output), .write = append, .data = &text, .format = IOF_FORMAT_JSON};
	struct measured measured;
	struct emit e;
	int err = measured_parse(NULL, arena, bytes, length, "measured", &measured);

	if (err)
		return err;
	if (boot_id ? !measured.boot_id || !str_eq(measured.boot_id, boot_id)
		    : measured.boot_id != NULL)
		return -ESTALE;
	if (measured.kernel && !str_eq(measured.kernel, kernel))
		return -ESTALE;
	forget_texts(&measured);
	emit_begin(&e, &output);
	emit_object(&e, NULL);
	emit_string(&e, "schema", MEASURED_SCHEMA);
	emit_string(&e, "kernel", measured.kernel);
	emit_array(&e, "devices");
	for (size_t i = 0; i < measured.n; i++) {
		emit_object(&e, NULL);
		measured_write_device(&e, &measured.devices[i]);
		emit_object_end(&e);
	}
	emit_array_end(&e);
	emit_object_end(&e);
	err = emit_end(&e);
	*out = err ? NULL : arena_strndup(arena, text.data ? text.data : "", text.length);
	*out_length = text.length;
	buf_free(&text);
	return *out ? 0 : -ENOMEM;
}
