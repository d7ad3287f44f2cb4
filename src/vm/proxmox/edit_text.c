// SPDX-License-Identifier: LGPL-2.1-or-later
/* edit_text.c - changed values as changed lines; every other byte stays. Snapshots are
 * never touched. */
#include <errno.h>

#include "vm/proxmox/edit.h"

static const char *value_of(const struct pve_entry *entry)
{
	return entry ? entry->value : NULL;
}

static struct pve_change *find_change(struct pve_editor *ed, const char *key)
{
	const struct pve_key *info;
	size_t slot = pve_slot(key, &info);
	struct pve_change *change;

	for (size_t i = 0; i < ed->n_changes; i++) {
		if (ed->changes[i].slot == slot)
			return &ed->changes[i];
	}
	ed->changes =
		arena_grow(ed->arena, ed->changes, ed->n_changes, &ed->cap, sizeof(*ed->changes));
	key = arena_strdup(ed->arena, key);
	if (!ed->changes || !key) {
		ed->n_changes = 0;
		return NULL;
	}
	change = &ed->changes[ed->n_changes++];
	*change = (struct pve_change){.key = key,
				      .slot = slot,
				      .format = info ? info->format : NULL,
				      .main = value_of(ed->config->main[slot]),
				      .pending = value_of(ed->config->pending[slot])};
	change->is_deleted = change->main && !change->pending && !ed->config->now[slot];
	return change;
}

const char *pve_current(struct pve_editor *ed, const char *key)
{
	const struct pve_change *change = find_change(ed, key);

	if (!change)
		return NULL;
	return change->pending ? change->pending : change->is_deleted ? NULL : change->main;
}

static int check_value(struct pve_editor *ed, const char *value)
{
	for (const char *c = value; c && *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return ctx_fail(
				ed->ctx, -EOPNOTSUPP,
				"a line of a qemu-server config holds no control character");
	}
	return 0;
}

int pve_change_whole(struct pve_editor *ed, const char *key, const char *value)
{
	struct pve_change *change = find_change(ed, key);
	int ret = check_value(ed, value);

	if (!change)
		return -ENOMEM;
	if (ret)
		return ret;
	if (change->pending)
		change->pending = value;
	if (!change->is_deleted || value)
		change->main = value;
	change->is_deleted = change->is_deleted && !value;
	return 0;
}

/* ---- one part ---- */

static const char *join(struct pve_editor *ed, const char *text, size_t start, size_t end,
			const char *piece)
{
	return arena_printf(ed->arena, "%.*s%s%s", (int)start, text, piece, text + end);
}

/* text with the part set, or without it; "" if nothing is left. NULL: out of memory. */
static const char *set_part(struct pve_editor *ed, const struct pve_format *format,
			    const char *text, const char *name, const char *value)
{
	struct pve_entry entry = {.value = text};
	const struct pve_part *part;
	size_t value_start;

	if (pve_split(ed->arena, format, &entry))
		return NULL;
	part = pve_part(&entry, name);
	if (part && value) {
		value_start = part->at.offset;
		return join(ed, text, value_start, part->end, value);
	}
	if (part) {
		bool is_last = !text[part->end];
		size_t start = part->start - (is_last && part->start ? 1 : 0);

		return join(ed, text, start, part->end + !is_last, "");
	}
	if (!value)
		return text;
	return arena_printf(ed->arena, "%s,%s=%s", text, name, value);
}

static bool is_default(const struct pve_format *format, const char *name)
{
	const struct pve_field *field = pve_field(format, name);

	return field && field->is_default;
}

static const char *new_value(struct pve_editor *ed, const struct pve_change *change,
			     const char *name, const char *value, const char *first)
{
	if (is_default(change->format, name))
		return arena_strdup(ed->arena, value);
	if (first)
		return arena_printf(ed->arena, "%s,%s=%s", first, name, value);
	return arena_printf(ed->arena, "%s=%s", name, value);
}

static int change_text(struct pve_editor *ed, const struct pve_change *change, const char **text,
		       const char *name, const char *value)
{
	const char *changed = set_part(ed, change->format, *text, name, value);

	if (!changed)
		return -ENOMEM;
	*text = *changed ? changed : NULL;
	return 0;
}

int pve_change_part(struct pve_editor *ed, const char *key, const char *part, const char *value,
		    const char *first)
{
	struct pve_change *change = find_change(ed, key);
	int ret = check_value(ed, value);

	if (!change)
		return -ENOMEM;
	if (ret)
		return ret;
	if ((!change->main || change->is_deleted) && !change->pending) {
		if (!value)
			return 0;
		change->main = new_value(ed, change, part, value, first);
		change->is_deleted = false;
		return change->main ? 0 : -ENOMEM;
	}
	if (change->main)
		ret = change_text(ed, change, &change->main, part, value);
	if (!ret && change->pending)
		ret = change_text(ed, change, &change->pending, part, value);
	return ret;
}

/* ---- lines ---- */

/* From its first character to behind its end. */
static void whole_line(const struct pve_editor *ed, const struct pve_entry *entry, size_t *start,
		       size_t *end)
{
	*start = entry->at.offset;
	*end = entry->at.offset + entry->at.length;
	if (*end < ed->vm->source_length)
		(*end)++;
	else if (*start && ed->vm->source[*start - 1] == '\n') /* the last, without an end */
		*start -= *start > 1 && ed->vm->source[*start - 2] == '\r' ? 2 : 1;
}

/* All lines of that key: an earlier one would count otherwise. */
static int remove_lines(struct pve_editor *ed, struct splices *s, size_t slot,
			enum pve_section section)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < ed->config->n; i++) {
		const struct pve_entry *e = ed->config->entries[i];
		size_t start, end;

		if (!e->is_valid || e->section != section || e->slot != slot)
			continue;
		whole_line(ed, e, &start, &end);
		ret = splice_add(ed->arena, s, start, end, "");
	}
	return ret;
}

static int replace_value(struct pve_editor *ed, struct splices *s, const struct pve_entry *entry,
			 const char *value)
{
	size_t start = entry->value_at.offset;

	if (str_eq(entry->value, value))
		return 0;
	return splice_add(ed->arena, s, start, start + entry->value_at.length, value);
}

/* Where qemu-server, which sorts, would put it; at the end where lines are in no order. */
static size_t insertion(const struct pve_editor *ed, const char *key)
{
	const struct pve_entry *before = NULL, *last = NULL;

	for (size_t i = 0; i < ed->config->n; i++) {
		const struct pve_entry *e = ed->config->entries[i];

		if (e->section != PVE_MAIN)
			continue;
		if (last && strcmp(last->key, e->key) > 0)
			return ed->config->main_end;
		if (!before && strcmp(e->key, key) > 0)
			before = e;
		last = e;
	}
	return before ? before->at.offset : ed->config->main_end;
}

static int add_line(struct pve_editor *ed, struct splices *s, const char *key, const char *value)
{
	size_t at = insertion(ed, key);
	bool is_open = at && at == ed->vm->source_length && ed->vm->source[at - 1] != '\n';
	const char *line =
		is_open ? arena_printf(ed->arena, "%s%s: %s", ed->config->eol, key, value)
			: arena_printf(ed->arena, "%s: %s%s", key, value, ed->config->eol);

	return line ? splice_add(ed->arena, s, at, at, line) : -ENOMEM;
}

/* "delete: a,b" without one of them. */
static int undelete(struct pve_editor *ed, struct splices *s)
{
	static const char parts[] = " \t\r\n,;";
	const struct pve_entry *remove = ed->config->remove;
	struct buf left = {0};
	size_t start, end;
	int ret;

	for (const char *at = remove->value; *(at += strspn(at, parts));) {
		size_t n = strcspn(at, parts);
		const char *name = *at == '!' ? at + 1 : at;
		bool goes = false;

		for (size_t i = 0; i < ed->n_changes; i++) {
			const struct pve_change *c = &ed->changes[i];
			size_t length = n - (size_t)(name - at);

			goes |= !c->is_deleted && c->main && !ed->config->now[c->slot] &&
				strlen(c->key) == length && memcmp(c->key, name, length) == 0;
		}
		if (!goes) {
			buf_puts(&left, left.length ? "," : "");
			buf_append(&left, at, n);
		}
		at += n;
	}
	if (left.length) {
		const char *value = left.err ? NULL : arena_strdup(ed->arena, left.data);

		ret = value ? replace_value(ed, s, remove, value) : -ENOMEM;
	} else {
		whole_line(ed, remove, &start, &end);
		ret = splice_add(ed->arena, s, start, end, "");
	}
	buf_free(&left);
	return ret;
}

static int write_change(struct pve_editor *ed, struct splices *s, const struct pve_change *c,
			bool *undeletes)
{
	const struct pve_entry *main = ed->config->main[c->slot];
	const struct pve_entry *pending = ed->config->pending[c->slot];
	int ret = 0;

	if (main && !ed->config->now[c->slot] && c->main && !c->is_deleted)
		*undeletes = true;
	if (main && c->main)
		ret = replace_value(ed, s, main, c->main);
	else if (main)
		ret = remove_lines(ed, s, c->slot, PVE_MAIN);
	else if (c->main)
		ret = add_line(ed, s, c->key, c->main);
	if (ret || !pending)
		return ret;
	return c->pending ? replace_value(ed, s, pending, c->pending)
			  : remove_lines(ed, s, c->slot, PVE_PENDING);
}

int pve_write(struct pve_editor *ed, const char **text, size_t *length)
{
	struct splices *s = &ed->keys;
	bool undeletes = false;
	int ret = 0;

	for (size_t i = 0; !ret && i < ed->n_changes; i++)
		ret = write_change(ed, s, &ed->changes[i], &undeletes);
	if (!ret && undeletes && ed->config->remove)
		ret = undelete(ed, s);
	if (ret)
		return ret;
	ret = splices_apply(ed->arena, ed->vm->source, ed->vm->source_length, s, text, length);
	if (ret == -EOPNOTSUPP)
		return ctx_fail(ed->ctx, ret, "%s: two edits of one place", ed->vm->name);
	return ret;
}
