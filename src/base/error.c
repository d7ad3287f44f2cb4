/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/emit.h"

struct iof_ctx {
	atomic_uint refs;
	char *error;
	bool error_lost; /* there was no memory for the text */
	iof_log_fn log;
	void *log_data;
	int log_level;
};

IOF_EXPORT int iof_ctx_new(struct iof_ctx **out)
{
	struct iof_ctx *ctx = calloc(1, sizeof(*ctx));

	if (!ctx)
		return -ENOMEM;
	atomic_init(&ctx->refs, 1);
	*out = ctx;
	return 0;
}

IOF_EXPORT struct iof_ctx *iof_ctx_ref(struct iof_ctx *ctx)
{
	if (ctx)
		atomic_fetch_add(&ctx->refs, 1);
	return ctx;
}

IOF_EXPORT struct iof_ctx *iof_ctx_unref(struct iof_ctx *ctx)
{
	if (ctx && atomic_fetch_sub(&ctx->refs, 1) == 1) {
		free(ctx->error);
		free(ctx);
	}
	return NULL;
}

IOF_EXPORT void iof_ctx_log_set(struct iof_ctx *ctx, iof_log_fn log, void *data, int level)
{
	ctx->log = log;
	ctx->log_data = data;
	ctx->log_level = level;
}

IOF_EXPORT const char *iof_ctx_error(struct iof_ctx *ctx)
{
	if (!ctx)
		return "";
	if (ctx->error_lost)
		return "out of memory";
	return ctx->error ? ctx->error : "";
}

IOF_EXPORT int iof_ctx_error_set(struct iof_ctx *ctx, int err, const char *text)
{
	return ctx_fail(ctx, err, "%s", text);
}

IOF_EXPORT const char *iof_version(void)
{
	return IOMMUFIT_VERSION;
}

static void error_replace(struct iof_ctx *ctx, char *text)
{
	free(ctx->error);
	ctx->error = text;
	ctx->error_lost = !text;
}

int ctx_fail(struct iof_ctx *ctx, int err, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	if (!ctx)
		return err;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	error_replace(ctx, text);
	return err;
}

int ctx_prefix(struct iof_ctx *ctx, int err, const char *format, ...)
{
	struct buf text = {0};
	char *prefix = NULL;
	va_list args;

	if (!ctx)
		return err;
	va_start(args, format);
	if (vasprintf(&prefix, format, args) < 0)
		prefix = NULL;
	va_end(args);
	if (!prefix) {
		error_replace(ctx, NULL);
		return err;
	}
	buf_printf(&text, "%s: %s", prefix, iof_ctx_error(ctx));
	free(prefix);
	error_replace(ctx, buf_steal(&text));
	return err;
}

void ctx_log(struct iof_ctx *ctx, int level, const char *file, int line, const char *function,
	     const char *format, ...)
{
	char *text = NULL;
	va_list args;

	if (!ctx || !ctx->log || level > ctx->log_level)
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		ctx->log(ctx->log_data, level, file, line, function, text);
	free(text);
}

IOF_EXPORT int iof_error_write(const struct iof_output *out, int status, const char *text)
{
	struct emit e;

	emit_begin(&e, out);
	if (out->format == IOF_FORMAT_JSON) {
		emit_object(&e, NULL);
		emit_string(&e, "schema", "iommufit.error/1");
		emit_i64(&e, "status", status);
		emit_string(&e, "error", text);
		emit_object_end(&e);
	} else {
		emit_text(&e, STYLE_NONE, "%s", text ? text : "");
		emit_newline(&e);
	}
	return emit_end(&e);
}
