/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* error.h - the context's last error and log, for the library's own use. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <iommufit/ctx.h>

/* Set the context's error text (ctx may be NULL) and return err (a negative errno). */
int ctx_fail(struct iof_ctx *, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Put "prefix: " before the error that is there already, and return err. */
int ctx_prefix(struct iof_ctx *, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void ctx_log(struct iof_ctx *, int level, const char *file, int line, const char *function,
	     const char *format, ...) __attribute__((format(printf, 6, 7)));
#define log_debug(ctx, ...) ctx_log(ctx, 7, __FILE__, __LINE__, __func__, __VA_ARGS__)
#define log_info(ctx, ...) ctx_log(ctx, 6, __FILE__, __LINE__, __func__, __VA_ARGS__)

/* Marks a symbol of the public interface. */
#define IOF_EXPORT __attribute__((visibility("default")))

#endif
