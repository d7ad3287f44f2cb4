/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* catalog.c - joins what rules predict and what the tables hold to one list of messages. */
#include "explain/catalog.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"

static const char *const head_texts[N_HEADS] = {
	[HEAD_WARNING] = "warning: ",
	[HEAD_ERROR] = "error: ",
	[HEAD_VFIO] = "vfio {0}: ",
	[HEAD_CONTAINER] = "failed to setup container for group {0:d}: ",
	[HEAD_LISTENER] = "memory listener initialization failed: ",
	[HEAD_REGION] = "Region {0}: ",
	[HEAD_VIOMMU] = "Failed to set vIOMMU: ",
	[HEAD_DEVICE] = "Failed to set iommu_device: ",
	[HEAD_HARDWARE] = "hardware error: ",
	[HEAD_BDF] = "{0:b}: ",
};

static const char *const mark_texts[] = {
	"qemu-system-{*:a}:",	 "qemu-kvm:", "kvm:", "qemu:", "\"desc\":\"", "\"desc\": \"",
	"QEMU command '{*:q}':",
};

static const struct known_messages *const all_messages[] = {&qemu_messages,    &config_messages,
							    &smmu_messages,    &libvirt_messages,
							    &proxmox_messages, &kernel_messages};
static const struct topics *const all_topics[] = {
	&rule_topics,	 &config_topics,  &qemu_topics,	  &smmu_topics,
	&libvirt_topics, &proxmox_topics, &kernel_topics, &cloud_hypervisor_topics};

const struct topic *topic_find(const char *id)
{
	for (size_t t = 0; t < ARRAY_SIZE(all_topics); t++) {
		for (size_t i = 0; i < all_topics[t]->n; i++) {
			if (str_eq(all_topics[t]->items[i].id, id))
				return &all_topics[t]->items[i];
		}
	}
	return NULL;
}

/* ---- taking heads off ---- */

/* The length of a head at the text's beginning, 0: it has none of that kind. *index: its operand.
 */
static size_t head_length(enum head_kind kind, const char *text, int *index)
{
	const char *form = head_texts[kind];
	size_t fixed = strcspn(form, "{"), length;

	*index = -1;
	if (strncmp(text, form, fixed) != 0)
		return 0;
	if (!form[fixed])
		return fixed;
	if (text[fixed] != '{' || text[fixed + 1] < '0' || text[fixed + 1] > '9' ||
	    text[fixed + 2] != '}')
		return 0;
	*index = text[fixed + 1] - '0';
	length = fixed + 3;
	return str_starts(text + length, ": ") ? length + 2 : 0;
}

/* What is left of the text; the heads go to the variant. */
static const char *take_heads(const char *text, struct variant *v)
{
	bool is_taken = true;

	while (is_taken) {
		is_taken = false;
		for (unsigned kind = 0; kind < N_HEADS && !is_taken; kind++) {
			size_t length = v->heads & 1u << kind
						? 0
						: head_length(kind, text, &v->head_index[kind]);

			if (!length)
				continue;
			text += length;
			v->heads |= 1u << kind;
			is_taken = true;
		}
	}
	return text;
}

/* ---- entries ---- */

/* Equal for patterns that match the same: operands are not named in it. */
static const char *make_key(struct arena *arena, const struct pattern *p)
{
	struct buf key = {0};
	const char *copy;

	for (size_t i = 0; i < p->n_tokens; i++) {
		const struct token *t = &p->tokens[i];

		if (t->kind == TOKEN_TEXT)
			buf_append(&key, t->text, t->length);
		else
			buf_putc(&key, '\1');
	}
	copy = key.err ? NULL : arena_strndup(arena, key.data ? key.data : "", key.length);
	buf_free(&key);
	return copy;
}

static struct entry *find_entry(const struct catalog *c, const char *key)
{
	for (size_t i = 0; i < c->n_entries; i++) {
		if (str_eq(c->entries[i].key, key))
			return &c->entries[i];
	}
	return NULL;
}

static struct entry *add_entry(struct catalog *c, const struct pattern *core, const char *key)
{
	struct entry *entry = find_entry(c, key), *grown;

	if (entry)
		return entry;
	grown = arena_grow(c->arena, c->entries, c->n_entries, &c->cap_entries, sizeof(*grown));
	if (!grown)
		return NULL;
	c->entries = grown;
	entry = &c->entries[c->n_entries++];
	*entry = (struct entry){.core = *core, .key = key};
	return entry;
}

static bool is_same(const struct variant *a, const struct variant *b)
{
	return a->topic == b->topic && a->heads == b->heads && a->flags == b->flags &&
	       memcmp(a->index, b->index, sizeof(a->index)) == 0;
}

/* Variants that differ in the version only become one; they are kept in the order of the tables. */
static int add_variant(struct catalog *c, struct entry *entry, const struct variant *wanted)
{
	struct variant **last = &entry->variants;

	for (; *last; last = &(*last)->next) {
		if (!is_same(*last, wanted))
			continue;
		if (wanted->since < (*last)->since)
			(*last)->since = wanted->since;
		if (wanted->until > (*last)->until)
			(*last)->until = wanted->until;
		return 0;
	}
	*last = arena_memdup(c->arena, wanted, sizeof(*wanted));
	return *last ? 0 : -ENOMEM;
}

/* One line of a message. */
static int add_line(struct catalog *c, const char *text, const struct variant *base)
{
	struct variant v = *base;
	struct pattern core;
	struct entry *entry;
	const char *key;
	int err;

	for (size_t i = 0; i < N_HEADS; i++)
		v.head_index[i] = -1;
	err = pattern_compile(c->arena, take_heads(text, &v), &core);
	if (err)
		return err;
	for (size_t i = 0; i < PATTERN_SLOTS; i++)
		v.index[i] = -1;
	for (size_t i = 0; i < core.n_tokens; i++) {
		if (core.tokens[i].kind == TOKEN_OPERAND)
			v.index[core.tokens[i].slot] = core.tokens[i].index;
	}
	key = make_key(c->arena, &core);
	entry = key ? add_entry(c, &core, key) : NULL;
	return entry ? add_variant(c, entry, &v) : -ENOMEM;
}

static size_t count_operands(const char *line, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++)
		n += line[i] == '{';
	return n;
}

/* A message of several lines: the one with the most operands says what it is about, the first of
 * several such; the others stand beside it. */
static int add_lines(struct catalog *c, const char *message, const struct variant *base)
{
	const char *end = message + strlen(message), *at = message, *line;
	size_t length, most = 0, i = 0, main = 0;
	int err = 0;

	while (next_line(&at, end, &line, &length)) {
		size_t n = count_operands(line, length);

		if (n > most) {
			most = n;
			main = i;
		}
		i++;
	}
	at = message;
	for (i = 0; !err && next_line(&at, end, &line, &length); i++) {
		size_t indent = strspn(line, "\t ");
		char *copy = arena_strndup(c->arena, line + indent, length - indent);
		struct variant v = *base;

		v.flags |= i == main ? 0 : MESSAGE_COMPANION;
		err = copy ? add_line(c, copy, &v) : -ENOMEM;
	}
	return err;
}

/* Cloud Hypervisor's errors: one line, or from 47.0 on a numbered chain whose first lines are those
 * of all its errors and whose last repeat the one before; the third and fourth tell. */
static int add_chain(struct catalog *c, const char *message, const struct variant *base)
{
	const char *third = strstr(message, "\n  3: "), *from = third ? third + 6 : message;
	const char *end = strstr(from, "\n  5: ");
	char *copy = arena_strndup(c->arena, from, end ? (size_t)(end - from) : strlen(from));
	size_t to = 0;

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; copy[i]; i++) {
		bool is_indent = to && copy[to - 1] == ' ' && (copy[i] == ' ' || copy[i] == '\n');

		if (!is_indent)
			copy[to++] = (char)(copy[i] == '\n' ? ' ' : copy[i]);
	}
	copy[to] = '\0';
	return add_line(c, copy, base);
}

static const struct topic *rule_topic(struct catalog *c, const struct rule *rule)
{
	const struct topic *known = topic_find(rule->id);
	struct topic *topic;

	if (known)
		return known;
	topic = arena_alloc(c->arena, sizeof(*topic));
	if (topic)
		*topic = (struct topic){
			.id = rule->id, .cause = rule->because, .fix = rule->no_cure};
	return topic;
}

static int add_step(struct catalog *c, const struct step *step, enum vmm_kind vmm)
{
	bool is_ch = vmm == VMM_CLOUD_HYPERVISOR;
	struct variant v = {.by = is_ch ? IOF_SPEAKER_CLOUD_HYPERVISOR : IOF_SPEAKER_QEMU,
			    .since = step->since,
			    .until = step->until,
			    .flags = step->effect == EFFECT_KILLS ? MESSAGE_ABORTS : 0,
			    .rule = step->rule};

	if (!step->message)
		return 0;
	v.topic = rule_topic(c, step->rule);
	if (!v.topic)
		return -ENOMEM;
	return is_ch ? add_chain(c, step->message, &v) : add_lines(c, step->message, &v);
}

static int add_steps(struct catalog *c)
{
	int err = 0;

	for (size_t f = 0; f < n_rule_families; f++) {
		const struct rule_family *family = rule_families[f];

		for (size_t i = 0; !err && i < family->n_steps; i++)
			err = add_step(c, &family->steps[i], family->vmm);
	}
	return err;
}

static int add_known(struct catalog *c, const struct known_message *m)
{
	const struct rule *rule = rule_find(m->topic);
	struct variant v = {.by = m->by,
			    .since = m->since,
			    .until = m->until ? m->until : QEMU_NEVER,
			    .flags = m->flags,
			    .rule = rule,
			    .topic = topic_find(m->topic)};

	if (!v.topic && rule)
		v.topic = rule_topic(c, rule);
	if (!v.topic)
		return -EFAULT;
	return add_line(c, m->pattern, &v);
}

static int add_tables(struct catalog *c)
{
	for (size_t t = 0; t < ARRAY_SIZE(all_messages); t++) {
		for (size_t i = 0; i < all_messages[t]->n; i++) {
			int err = add_known(c, &all_messages[t]->items[i]);

			if (err)
				return err;
		}
	}
	return 0;
}

static int compile_heads(struct catalog *c)
{
	int err = 0;

	for (size_t i = 0; !err && i < N_HEADS; i++)
		err = pattern_compile(c->arena, head_texts[i], &c->heads[i]);
	c->n_marks = ARRAY_SIZE(mark_texts);
	c->marks = arena_array(c->arena, c->n_marks, sizeof(*c->marks));
	if (!c->marks)
		return -ENOMEM;
	for (size_t i = 0; !err && i < c->n_marks; i++)
		err = pattern_compile(c->arena, mark_texts[i], &c->marks[i]);
	return err;
}

static int build_needles(struct catalog *c)
{
	const char **texts = arena_array(c->arena, c->n_entries, sizeof(*texts));
	size_t *lengths = arena_array(c->arena, c->n_entries, sizeof(*lengths));

	if (!texts || !lengths)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_entries; i++) {
		texts[i] = c->entries[i].core.needle;
		lengths[i] = c->entries[i].core.needle_length;
	}
	return needles_build(c->arena, &c->needles, texts, lengths, c->n_entries);
}

int catalog_build(struct arena *arena, struct catalog *c)
{
	int err;

	*c = (struct catalog){.arena = arena};
	err = compile_heads(c);
	if (!err)
		err = add_steps(c);
	if (!err)
		err = add_tables(c);
	return err ? err : build_needles(c);
}
