/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qmp.c - commands and answers of the protocol (QEMU docs/interop/qmp-spec.rst): a greeting, then
 * for each command one line with "return" or "error"; lines with "event" may stand between.
 */
#include "live/qmp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/emit.h"

int live_fail(struct iof_ctx *ctx, int err, const char *name, const char *format, ...)
{
	struct buf text = {0};
	va_list args;

	buf_printf(&text, "%s: ", name);
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	iof_ctx_error_set(ctx, err, text.err ? "out of memory" : text.data);
	buf_free(&text);
	return err;
}

int qmp_bad(const struct qmp *q, const char *command, const char *reason)
{
	return live_fail(q->ctx, -EBADMSG, q->name, "%s: %s", command, reason);
}

static int append(void *data, const char *bytes, size_t length)
{
	struct buf *text = data;

	buf_append(text, bytes, length);
	return text->err;
}

static void put_arguments(struct emit *e, const char *const *arguments)
{
	emit_object(e, "arguments");
	for (; arguments[0]; arguments += 2) {
		if (arguments[1][0] == *QMP_RAW)
			emit_json(e, arguments[0], arguments[1] + 1, strlen(arguments[1] + 1));
		else
			emit_string(e, arguments[0], arguments[1]);
	}
	emit_object_end(e);
}

/* On one line: the emitter indents, and line ends inside strings are escaped. */
static int send_command(struct qmp *q, const char *command, const char *const *arguments)
{
	struct buf text = {0};
	struct iof_output out = {
		.size = sizeof(out), .write = append, .data = &text, .format = IOF_FORMAT_JSON};
	struct emit e;
	int err;

	emit_begin(&e, &out);
	emit_object(&e, NULL);
	emit_string(&e, "execute", command);
	if (arguments)
		put_arguments(&e, arguments);
	emit_u64(&e, "id", q->n_commands);
	emit_object_end(&e);
	err = emit_end(&e);
	if (!err) {
		for (size_t i = 0; i + 1 < text.length; i++)
			text.data[i] = text.data[i] == '\n' ? ' ' : text.data[i];
		err = q->wire.send(q->wire.data, text.data, text.length);
	}
	buf_free(&text);
	return err;
}

static int receive(struct qmp *q, const char *command, struct json_value *value)
{
	struct json_error error;
	const char *line;
	size_t length;
	int err = q->wire.receive(q->wire.data, command, &line, &length);

	if (err)
		return err;
	if (memchr(line, 0, length))
		return qmp_bad(q, command, "a NUL byte in the answer");
	arena_reset(q->arena);
	err = json_parse(q->arena, line, length, value, &error);
	if (err == -EBADMSG)
		return live_fail(q->ctx, err, q->name, "%s: byte %zu of the answer: %s", command,
				 error.offset + 1, error.reason);
	if (err)
		return live_fail(q->ctx, err, q->name, "out of memory");
	if (value->type != JSON_OBJECT)
		return qmp_bad(q, command, "the answer is no object");
	return 0;
}

static bool has_id(const struct json_value *answer, unsigned id)
{
	const struct json_value *given = json_member(answer, "id");

	return given && given->type == JSON_INTEGER && !given->is_negative && given->number == id;
}

int qmp_ask(struct qmp *q, const char *command, const char *const *arguments,
	    const struct json_value **answer)
{
	struct json_value *value;
	int err;

	*answer = NULL;
	if (++q->n_commands > QMP_MAX_COMMANDS)
		return qmp_bad(q, command, "there is no end to this VM's devices");
	err = send_command(q, command, arguments);
	for (unsigned n = 0; !err; n++) {
		struct json_value line;

		err = n > QMP_MAX_EVENTS ? qmp_bad(q, command, "events without end")
					 : receive(q, command, &line);
		if (err || json_member(&line, "event"))
			continue;
		if (!has_id(&line, q->n_commands))
			return qmp_bad(q, command, "the answer is to another command");
		value = arena_memdup(q->arena, &line, sizeof(line));
		if (!value)
			return live_fail(q->ctx, -ENOMEM, q->name, "out of memory");
		*answer = json_member(value, "return");
		if (!*answer && !json_member(value, "error"))
			return qmp_bad(q, command, "an answer without return and error");
		return 0;
	}
	return err;
}

int qmp_open(struct qmp *q)
{
	const struct json_value *answer;
	struct json_value greeting;
	int err = receive(q, "greeting", &greeting);

	if (err)
		return err;
	answer = json_member(&greeting, "QMP");
	if (!answer || answer->type != JSON_OBJECT)
		return qmp_bad(q, "greeting", "this is no QMP monitor");
	err = qmp_ask(q, "qmp_capabilities", NULL, &answer);
	if (!err && !answer)
		err = qmp_bad(q, "qmp_capabilities", "refused");
	return err;
}
