/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* manager_command.c - the command by which a manager takes over a changed config. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "manager.h"

/* A line "key: value" of a Proxmox config, as it stands in the text. */
struct setting {
	const char *key, *value;
	size_t key_length, value_length;
};

static bool is_key_start(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool read_setting(const char *line, size_t length, struct setting *s)
{
	size_t n = 0;

	if (!length || !is_key_start(*line))
		return false;
	while (n < length && (is_key_start(line[n]) || line[n] == '-' || line[n] == '_'))
		n++;
	while (n < length && isdigit((unsigned char)line[n]))
		n++;
	if (n == length || line[n] != ':')
		return false;
	*s = (struct setting){.key = line, .key_length = n, .value = line + n + 1};
	s->value_length = length - n - 1;
	while (s->value_length && isspace((unsigned char)*s->value)) {
		s->value++;
		s->value_length--;
	}
	while (s->value_length && isspace((unsigned char)s->value[s->value_length - 1]))
		s->value_length--;
	return true;
}

/* The next setting of the VM itself: sections (snapshots, pending changes) come after. */
static bool next_setting(const char **at, const char *end, struct setting *s)
{
	while (*at < end && **at != '[') {
		const char *line = *at;
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((newline ? newline : end) - line);

		*at = newline ? newline + 1 : end;
		if (read_setting(line, length, s))
			return true;
	}
	return false;
}

/* A later line of the same key counts. */
static bool find_setting(const struct config *c, const struct setting *key, struct setting *found)
{
	const char *at = c->text;
	struct setting s;
	bool is_found = false;

	while (next_setting(&at, c->text + c->length, &s)) {
		if (s.key_length != key->key_length || memcmp(s.key, key->key, s.key_length) != 0)
			continue;
		*found = s;
		is_found = true;
	}
	return is_found;
}

static bool is_same_value(const struct setting *a, const struct setting *b)
{
	return a->value_length == b->value_length &&
	       memcmp(a->value, b->value, a->value_length) == 0;
}

static int add_value(struct bytes *out, const struct setting *s)
{
	char *value = strndup(s->value, s->value_length);

	if (!value)
		return -ENOMEM;
	bytes_printf(out, " --%.*s ", (int)s->key_length, s->key);
	bytes_shell(out, value);
	free(value);
	return out->err;
}

/* Each setting once: only its last line counts. */
static bool is_last_line(const struct config *c, const struct setting *s)
{
	struct setting last;

	return find_setting(c, s, &last) && last.value == s->value;
}

static int qm_set(const struct arguments *a, const struct managed *m, const struct config *before,
		  const struct config *after, struct bytes *out)
{
	const char *at = after->text;
	const char *separator = " --delete ";
	struct setting s, old;
	int err = 0;

	bytes_printf(out, "qm set %s", a->proxmox);
	while (!err && next_setting(&at, after->text + after->length, &s)) {
		if (!is_last_line(after, &s) ||
		    (find_setting(before, &s, &old) && is_same_value(&s, &old)))
			continue;
		err = add_value(out, &s);
	}
	at = before->text;
	while (!err && next_setting(&at, before->text + before->length, &s)) {
		if (!is_last_line(before, &s) || find_setting(after, &s, &old))
			continue;
		err = bytes_printf(out, "%s%.*s", separator, (int)s.key_length, s.key);
		separator = ",";
	}
	if (!err && m->node) {
		bytes_printf(out, "  # on node ");
		err = bytes_shell(out, m->node);
	}
	return err;
}

int managed_command(const struct arguments *a, const struct managed *m, const struct config *before,
		    const struct config *after, const char *file, struct bytes *out)
{
	if (a->proxmox)
		return qm_set(a, m, before, after, out);
	bytes_printf(out, "virsh %sdefine ", m->is_session ? "--connect qemu:///session " : "");
	/* A pipe does as a file. */
	return bytes_shell(out, file && *file != '-' ? file : "/dev/stdin");
}

int managed_check_text(struct tool *t, const struct managed *m, const char *text, size_t length)
{
	static const struct setting lock = {.key = "lock", .key_length = 4};
	const struct config c = {.text = (char *)(uintptr_t)text, .length = length};
	struct setting found;

	if (!t->args.proxmox || !find_setting(&c, &lock, &found))
		return 0;
	return tool_error(t, -EBUSY, "%s: locked by Proxmox VE (lock: %.*s)", m->path,
			  (int)(found.value_length > 60 ? 60 : found.value_length), found.value);
}
