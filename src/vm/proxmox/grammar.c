// SPDX-License-Identifier: LGPL-2.1-or-later
/* grammar.c - the lines of a config, as QemuServer.pm parse_vm_config reads them: what it
 * warns of and skips, and what of it counts at the next start. */
#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "vm/proxmox/proxmox.h"

#define MAX_REMARKS 200u /* a config with more of them is no config */
#define MAX_SECTION 64u

struct reader {
	struct translation *t;
	struct pve_config *config;
	const char *vmid;
	enum pve_section section;
	const char *section_name;
	bool has_pending;
	const char **seen; /* sections before this one, "snapshot foo" */
	size_t n_seen, seen_cap;
	unsigned line;
	const char *text; /* of the line */
	size_t length;
	size_t offset;
};

static struct place line_place(const struct reader *r)
{
	return (struct place){
		.line = r->line, .column = 1, .offset = r->offset, .length = r->length, .arg = -1};
}

__attribute__((format(printf, 3, 4))) static void warn(struct reader *r, const struct place *at,
						       const char *format, ...)
{
	struct buf text = {0};
	va_list list;

	if (r->t->vm->n_remarks >= MAX_REMARKS)
		return;
	buf_printf(&text, "vm %s - ", r->vmid);
	va_start(list, format);
	buf_vprintf(&text, format, list);
	va_end(list);
	if (text.err)
		r->t->err = -ENOMEM;
	else
		remark_add(r->t, REMARK_WARNED, at, text.data, NULL);
	buf_free(&text);
}

static bool is_space(char c)
{
	return isspace((unsigned char)c);
}

/* ---- sections ---- */

/* "[name]" and white space: the name. */
static char *section_name(struct reader *r)
{
	size_t end = r->length;
	const char *close = memchr(r->text, ']', r->length);

	while (end && is_space(r->text[end - 1]))
		end--;
	if (!end || r->text[0] != '[' || !close || close != r->text + end - 1)
		return NULL;
	return arena_strndup(r->t->vm->arena, r->text + 1, end - 2);
}

static bool is_snapshot_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return isalpha((unsigned char)name[0]) && n >= 2 && !name[n];
}

static bool is_duplicate(struct reader *r, const char *kind, const char *name)
{
	const char *full = arena_printf(r->t->vm->arena, "%s %s", kind, name);

	for (size_t i = 0; full && i < r->n_seen; i++) {
		if (str_eq(r->seen[i], full))
			return true;
	}
	if (r->n_seen < MAX_REMARKS) { /* for a config with more, the check is left out */
		r->seen = arena_grow(r->t->vm->arena, r->seen, r->n_seen, &r->seen_cap,
				     sizeof(*r->seen));
		if (r->seen && full)
			r->seen[r->n_seen++] = full;
	}
	if (!full || !r->seen)
		r->t->err = -ENOMEM;
	return false;
}

/* A section that comes twice starts anew. */
static void forget(struct reader *r, enum pve_section section)
{
	if (section != PVE_PENDING)
		return;
	memset((void *)r->config->pending, 0, pve_n_slots() * sizeof(*r->config->pending));
	r->config->remove = NULL;
}

static void open_section(struct reader *r, const char *name)
{
	struct place at = line_place(r);
	const char *kind = NULL;

	r->section_name = name;
	if (strcasecmp(name, "pending") == 0) {
		r->section = PVE_PENDING;
		if (is_duplicate(r, "pending", ""))
			warn(r, &at, "duplicate section: pending");
		forget(r, PVE_PENDING);
		return;
	}
	if (strcasecmp(name, "special:cloudinit") == 0 ||
	    strcasecmp(name, "special:fleecing") == 0) {
		r->section = PVE_SPECIAL;
		r->section_name = name + strlen("special:");
		kind = "special";
	} else if (is_snapshot_name(name)) {
		r->section = PVE_SNAPSHOT;
		kind = "snapshot";
	} else {
		r->section = PVE_SKIPPED;
		warn(r, &at, "skipping unknown section: '%s'", name);
		return;
	}
	if (is_duplicate(r, kind, r->section_name))
		warn(r, &at, "duplicate %s section: %s", kind, r->section_name);
}

/* ---- settings ---- */

/* The value behind a colon: without the white space around it. false: nothing is there. */
static bool find_value(const struct reader *r, size_t from, size_t *start, size_t *end)
{
	size_t last = r->length;

	while (last > from && is_space(r->text[last - 1]))
		last--;
	*start = from;
	while (*start < last && is_space(r->text[*start]))
		(*start)++;
	*end = last;
	return last > from;
}

/* "[a-z][a-z_-]*\d*:" */
static size_t key_length(const char *text, size_t length)
{
	size_t n = 0;

	if (!length || text[0] < 'a' || text[0] > 'z')
		return 0;
	while (n < length &&
	       ((text[n] >= 'a' && text[n] <= 'z') || text[n] == '_' || text[n] == '-'))
		n++;
	while (n < length && isdigit((unsigned char)text[n]))
		n++;
	return n < length && text[n] == ':' ? n : 0;
}

static struct pve_entry *add_entry(struct reader *r, size_t key, size_t start, size_t end)
{
	struct arena *arena = r->t->vm->arena;
	struct pve_config *c = r->config;
	struct pve_entry *e = arena_alloc(arena, sizeof(*e));

	if (e) {
		*e = (struct pve_entry){.key = arena_strndup(arena, r->text, key),
					.value = arena_strndup(arena, r->text + start, end - start),
					.section = r->section,
					.at = line_place(r)};
		e->value_at = e->at;
		e->value_at.offset += start;
		e->value_at.column += (unsigned)start;
		e->value_at.length = end - start;
		c->entries = arena_grow(arena, c->entries, c->n, &c->cap, sizeof(e));
	}
	if (!e || !e->key || !e->value || !c->entries) {
		r->t->err = -ENOMEM;
		return NULL;
	}
	c->entries[c->n++] = e;
	return e;
}

static void note_twice(struct reader *r, const struct pve_entry *before, const struct pve_entry *e)
{
	const char *text, *detail;

	if (r->t->vm->n_remarks >= MAX_REMARKS || str_eq(before->value, e->value))
		return;
	text = arena_printf(r->t->vm->arena, "%s: %s", before->key, before->value);
	detail = arena_printf(r->t->vm->arena, "Line %u sets %s again, and the last one counts.",
			      e->at.line, e->key);
	if (text && detail)
		remark_add(r->t, REMARK_DROPPED, &before->at, text, detail);
	else
		r->t->err = -ENOMEM;
}

/* A slip of the pen costs the whole line: the nearest name is what an edit can put there. */
static void note_misspelt(struct reader *r, const struct pve_entry *e, const char *wrong,
			  const char *meant)
{
	struct arena *arena = r->t->vm->arena;
	const char *text = arena_printf(arena, "%s: %s", e->key, e->value);
	const char *detail =
		arena_printf(arena, "unable to parse value of '%s' - %s", e->key, wrong);
	struct pve_remedy *remedy = arena_alloc(arena, sizeof(*remedy));
	struct remark *remark;

	if (!text || !detail || !remedy) {
		r->t->err = -ENOMEM;
		return;
	}
	remark = remark_add(r->t, REMARK_DROPPED, &e->at, text, detail);
	if (!remark)
		return;
	remedy->misspelt = e;
	remark->has_cure = true;
	remark->origin = remedy;
	remark->target = e->key;
	remark->to = meant;
}

static void note_wrong(struct reader *r, const struct pve_entry *e, const char *wrong)
{
	const char *meant = NULL;

	if (r->t->vm->n_remarks < MAX_REMARKS && e->section == PVE_MAIN &&
	    pve_cure(e, NULL, &meant))
		note_misspelt(r, e, wrong, meant);
	else
		warn(r, &e->at, "unable to parse value of '%s' - %s", e->key, wrong);
}

static void take(struct reader *r, struct pve_entry *e)
{
	const struct pve_entry **slots =
		e->section == PVE_MAIN ? r->config->main : r->config->pending;
	const struct pve_key *key;
	const char *wrong;

	if (r->section == PVE_SPECIAL) /* cloudinit's is not looked into, fleecing's is internal */
		return;
	e->slot = pve_slot(str_eq(e->key, "cdrom") ? "ide2" : e->key, &key);
	wrong = pve_check(r->t, key, e, r->config->manager);
	if (wrong) {
		note_wrong(r, e, wrong);
		return;
	}
	e->is_valid = true;
	if (e->slot == PVE_NO_SLOT || (e->section != PVE_MAIN && e->section != PVE_PENDING))
		return;
	if (slots[e->slot] && key->is_hardware)
		note_twice(r, slots[e->slot], e);
	slots[e->slot] = e;
}

static void read_delete(struct reader *r, size_t key, size_t start, size_t end)
{
	struct place at = line_place(r);

	if (r->section == PVE_PENDING)
		r->config->remove = add_entry(r, key, start, end);
	else
		warn(r, &at, "property 'delete' is only allowed in [PENDING]");
}

static bool is_key(const struct reader *r, size_t n, const char *key)
{
	return n == strlen(key) && memcmp(r->text, key, n) == 0;
}

static void read_line(struct reader *r)
{
	size_t key = key_length(r->text, r->length), start, end;
	struct place at = line_place(r);
	struct pve_entry *e;

	if (r->text[0] == '#')
		return;
	if (!key || !find_value(r, key + 1, &start, &end)) {
		bool has_key = key && key + 1 < r->length;

		/* White space alone is a value, its last character. */
		if (!has_key) {
			warn(r, &at, "unable to parse config: %.*s",
			     (int)(r->length > 200 ? 200 : r->length), r->text);
			return;
		}
		start = r->length - 1;
		end = r->length;
	}
	if (is_key(r, key, "description") || is_key(r, key, "snapstate"))
		return;
	if (is_key(r, key, "delete")) {
		read_delete(r, key, start, end);
		return;
	}
	e = add_entry(r, key, start, end);
	if (e)
		take(r, e);
}

static bool is_empty(const struct reader *r)
{
	for (size_t i = 0; i < r->length; i++) {
		if (!is_space(r->text[i]))
			return false;
	}
	return true;
}

/* Also of a file with mixed ends: as the first line ends. */
static char *line_end(struct arena *arena, const char *source, size_t length)
{
	const char *newline = memchr(source, '\n', length);

	return arena_strdup(arena, newline > source && newline[-1] == '\r' ? "\r\n" : "\n");
}

static void read_lines(struct reader *r)
{
	const struct iof_vm *vm = r->t->vm;
	const char *end = vm->source + vm->source_length;
	bool has_key = false;

	for (const char *at = vm->source; at < end && !r->t->err; r->line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *next = newline ? newline + 1 : end;
		char *name;

		r->text = at;
		r->length = (size_t)((newline ? newline : end) - at);
		r->offset = (size_t)(at - vm->source);
		at = next;
		if (is_empty(r))
			continue;
		name = section_name(r);
		if (name) {
			open_section(r, name);
			continue;
		}
		if (r->section == PVE_SKIPPED)
			continue;
		/* Behind the description at the top, before what vzdump appends. */
		has_key |= r->text[0] != '#';
		if (r->section == PVE_MAIN && (r->text[0] != '#' || !has_key))
			r->config->main_end = (size_t)(next - vm->source);
		read_line(r);
	}
}

/* ---- what counts at the next start ---- */

static void note_pending(struct translation *t, const struct pve_entry *at, const char *key,
			 const char *value)
{
	const struct pve_key *info;

	if (pve_slot(key, &info) != PVE_NO_SLOT && info->is_hardware &&
	    t->vm->n_remarks < MAX_REMARKS)
		remark_add(t, REMARK_PENDING, &at->at, key, value);
}

static void apply_deletions(struct translation *t, struct pve_config *c)
{
	static const char parts[] = " \t\r\n,;";
	const char *list = c->remove ? c->remove->value : "";

	while (*(list += strspn(list, parts))) {
		size_t length = strcspn(list, parts), slot;
		/* "!" in front: by force. */
		size_t mark = *list == '!' && length > 1;
		char *key = arena_strndup(t->vm->arena, list + mark, length - mark);
		const struct pve_key *info;

		if (!key) {
			t->err = -ENOMEM;
			return;
		}
		list += length;
		slot = pve_slot(key, &info);
		if (slot == PVE_NO_SLOT)
			continue;
		if (c->now[slot] && !c->pending[slot])
			note_pending(t, c->remove, key, "unset");
		c->now[slot] = NULL;
	}
}

static void apply_pending(struct translation *t, struct pve_config *c)
{
	size_t n = pve_n_slots();

	memcpy((void *)c->now, (const void *)c->main, n * sizeof(*c->now));
	apply_deletions(t, c);
	for (size_t i = 0; i < n; i++) {
		const struct pve_entry *e = c->pending[i];

		if (!e)
			continue;
		if (!c->main[i] || !str_eq(c->main[i]->value, e->value))
			note_pending(t, e, e->key, e->value);
		c->now[i] = e;
	}
}

void pve_parse(struct translation *t, struct pve_config *config, const char *vmid)
{
	struct arena *arena = t->vm->arena;
	size_t slots = pve_n_slots();
	struct reader r = {.t = t, .config = config, .vmid = vmid, .line = 1};

	config->main = arena_array(arena, slots, sizeof(*config->main));
	config->pending = arena_array(arena, slots, sizeof(*config->pending));
	config->now = arena_array(arena, slots, sizeof(*config->now));
	config->eol = line_end(arena, t->vm->source, t->vm->source_length);
	if (!config->main || !config->pending || !config->now || !config->eol) {
		t->err = -ENOMEM;
		return;
	}
	read_lines(&r);
	if (!t->err)
		apply_pending(t, config);
}

/* ---- recognised ---- */

bool pve_recognise(const char *bytes, size_t length)
{
	const char *cursor = bytes, *end = bytes + length, *line;
	size_t known = 0, other = 0, n;

	if (memchr(bytes, '\0', length))
		return false;
	while (next_line(&cursor, end, &line, &n)) {
		size_t key = key_length(line, n);
		const struct pve_key *info;
		char name[32];

		if (!n || *line == '#' || *line == '[' || strspn(line, " \t\r") >= n)
			continue;
		if (!key || key >= sizeof(name)) {
			other++;
			continue;
		}
		memcpy(name, line, key);
		name[key] = '\0';
		if (pve_slot(name, &info) != PVE_NO_SLOT)
			known++;
		else
			other++;
	}
	return known && known > other;
}
