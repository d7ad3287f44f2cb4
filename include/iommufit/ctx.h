/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommufit/ctx.h - the library context: last error and log.
 *
 * A context belongs to one thread at a time. Functions return 0 or a negative errno; the text of
 * the last failure is in the context. Errors that callers tell apart: -EBADMSG  an input is
 * malformed (the text names file, line and reason) -ENOENT   no such input        -EACCES/-EPERM no
 * permission       -ENOMEM  out of memory -EINVAL   the call itself is wrong (usage) -EOPNOTSUPP
 * needs a module that is not installed
 */
#ifndef IOMMUFIT_CTX_H
#define IOMMUFIT_CTX_H

#include <iommufit/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iof_ctx;

/** Called for each log line. level is one of syslog's LOG_ERR..LOG_DEBUG; text has no newline. */
typedef void (*iof_log_fn)(void *data, int level, const char *file, int line, const char *function,
			   const char *text);

/** Make a context. Returns 0 or -ENOMEM; the caller owns it. */
int iof_ctx_new(struct iof_ctx **out);
struct iof_ctx *iof_ctx_ref(struct iof_ctx *ctx);
/** Drop a reference; NULL is allowed. Always returns NULL. */
struct iof_ctx *iof_ctx_unref(struct iof_ctx *ctx);
/** Set the log callback (NULL: silent, the default) and the highest level that reaches it. */
void iof_ctx_log_set(struct iof_ctx *ctx, iof_log_fn log, void *data, int level);
/** Text of the last error ("file:line: reason"), "" if none. Valid until the next call with this
 * context. */
const char *iof_ctx_error(struct iof_ctx *ctx);
/** Set that text, for a library that builds on this one; text is copied. Returns err. */
int iof_ctx_error_set(struct iof_ctx *ctx, int err, const char *text);
/** Version of the library, as "0.1.0". */
const char *iof_version(void);

/** Render an error as schema iommufit.error/1 (JSON) or one line of text. status: the tool's exit
 * status. */
int iof_error_write(const struct iof_output *out, int status, const char *text);

#ifdef __cplusplus
}
#endif
#endif
