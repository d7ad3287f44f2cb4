// SPDX-License-Identifier: LGPL-2.1-or-later
/* json.c - the JSON that vm.create and `ch-remote create` take (serde reads it:
 * members that it does not know are passed over). */
#include <errno.h>

#include "vm/cloud_hypervisor/cloud_hypervisor.h"

struct reader {
	struct translation *t;
	struct ch_config *config;
};

static struct place place_of(struct reader *r, const struct json_value *value)
{
	return ch_place(r->t->vm, r->config, value->start, value->end);
}

static struct place place_of_key(struct reader *r, const struct json_value *value)
{
	return ch_place(r->t->vm, r->config, value->key_start, value->end);
}

static void wrong_type(struct reader *r, const struct json_value *value, const char *wanted)
{
	struct place at = place_of(r, value);
	const char *text = arena_printf(r->t->vm->arena, "%s must be %s",
					value->key ? value->key : "an item", wanted);

	if (text)
		translation_fail(r->t, &at, text);
	else if (!r->t->err)
		r->t->err = -ENOMEM;
}

/* "[1,2]", as the command line has it. */
static const char *list_text(struct reader *r, const struct json_value *value)
{
	struct buf out = {0};
	const char *text;

	buf_putc(&out, '[');
	for (size_t i = 0; i < value->n; i++) {
		if (value->items[i].type != JSON_INTEGER || value->items[i].is_negative) {
			wrong_type(r, &value->items[i], "a number");
			break;
		}
		buf_printf(&out, "%s%llu", i ? "," : "",
			   (unsigned long long)value->items[i].number);
	}
	buf_putc(&out, ']');
	text = out.err ? NULL : arena_strdup(r->t->vm->arena, out.data);
	buf_free(&out);
	return text;
}

static const char *number_text(struct reader *r, const struct ch_key *key,
			       const struct json_value *value)
{
	bool fits = value->type == JSON_INTEGER && !value->is_negative &&
		    (!key->max || value->number <= key->max);

	if (fits)
		return arena_printf(r->t->vm->arena, "%llu", (unsigned long long)value->number);
	wrong_type(r, value,
		   !key->max	     ? "a number of bytes"
		   : key->max == 255 ? "a number from 0 to 255"
				     : "a number in range");
	return NULL;
}

static const char *value_text(struct reader *r, const struct ch_key *key,
			      const struct json_value *value)
{
	switch (key->type) {
	case CH_NUMBER:
	case CH_SIZE:
		return number_text(r, key, value);
	case CH_SWITCH:
		if (value->type != JSON_BOOL)
			wrong_type(r, value, "true or false");
		return value->boolean ? "on" : "off";
	case CH_LIST:
		if (value->type != JSON_ARRAY)
			wrong_type(r, value, "a list of numbers");
		return value->type == JSON_ARRAY ? list_text(r, value) : NULL;
	case CH_TEXT:
		if (value->type != JSON_STRING || strlen(value->text) != value->n)
			wrong_type(r, value, "a string");
		return value->type == JSON_STRING ? value->text : NULL;
	case CH_WORD:
	case CH_ANY:
		break;
	}
	return "";
}

static const struct ch_key *find_member(const struct ch_section *section, const char *name)
{
	for (size_t i = 0; i < section->n_keys; i++) {
		if (section->keys[i].type != CH_WORD && str_eq(ch_member(&section->keys[i]), name))
			return &section->keys[i];
	}
	return NULL;
}

/* As people write it instead: the command line's name, another case, hyphens. */
static bool is_spelt_alike(const char *written, const char *name)
{
	for (; *written || *name; written++) {
		char c = *written;

		if (c == '_' || c == '-')
			continue;
		while (*name == '_')
			name++;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (c != *name)
			return false;
		if (*name)
			name++;
		else
			break;
	}
	return true;
}

static const struct ch_key *meant_key(const struct ch_section *section, const char *written)
{
	for (size_t i = 0; i < section->n_keys; i++) {
		const struct ch_key *key = &section->keys[i];

		if (key->type != CH_WORD && key->type != CH_ANY &&
		    (str_eq(key->name, written) || is_spelt_alike(written, ch_member(key))))
			return key;
	}
	return NULL;
}

/* serde passes over what it does not know: said where it is a setting that counts here. */
static void tell_misspelt(struct reader *r, const struct ch_section *section,
			  const struct json_value *member)
{
	const struct ch_key *meant = meant_key(section, member->key);
	struct ch_rename *rename = arena_alloc(r->t->vm->arena, sizeof(*rename));
	struct place at = place_of_key(r, member);
	struct remark *remark;
	const char *why;

	if (!meant)
		return;
	why = arena_printf(r->t->vm->arena, "In JSON its name is %s.", ch_member(meant));
	if (!why || !rename) {
		r->t->err = -ENOMEM;
		return;
	}
	remark = remark_add(r->t, REMARK_DROPPED, &at, member->key, why);
	if (remark) {
		*rename = (struct ch_rename){.member = member, .to = ch_member(meant)};
		remark->has_cure = true;
		remark->origin = rename;
	}
}

static void tell_too_new(struct reader *r, const struct ch_key *key,
			 const struct json_value *member)
{
	struct place at = place_of_key(r, member);
	const char *why = arena_printf(r->t->vm->arena, "Cloud Hypervisor has it from %u.0 on.",
				       key->since / CH_VERSION(1));

	if (!why)
		r->t->err = -ENOMEM;
	else
		remark_add(r->t, REMARK_DROPPED, &at, member->key, why);
}

static void read_member(struct reader *r, struct ch_item *item, const struct json_value *member)
{
	const struct ch_section *section = &ch_sections[item->section];
	const struct ch_key *key = find_member(section, member->key);
	struct ch_setting *setting;
	const char *text;

	if (!key) {
		if (!(item->section == CH_MEMORY && str_eq(member->key, "zones")))
			tell_misspelt(r, section, member);
		return;
	}
	if (member->type == JSON_NULL)
		return;
	if (key->since > r->config->version) {
		tell_too_new(r, key, member);
		return;
	}
	text = value_text(r, key, member);
	setting = r->t->err ? NULL : ch_setting_add(r->t, item);
	if (!setting)
		return;
	*setting = (struct ch_setting){.key = key,
				       .value = text,
				       .at = place_of(r, member),
				       .start = member->start,
				       .end = member->end,
				       .key_start = member->key_start};
}

static void read_object(struct reader *r, enum ch_section_id id, const struct json_value *object)
{
	struct place at = object->key ? place_of_key(r, object) : place_of(r, object);
	struct ch_item *item;

	if (object->type != JSON_OBJECT) {
		wrong_type(r, object, "an object");
		return;
	}
	item = ch_item_add(r->t, r->config, id, &at);
	if (!item)
		return;
	item->node = object;
	for (size_t i = 0; i < object->n && !r->t->err; i++)
		read_member(r, item, &object->items[i]);
}

static void read_flag(struct reader *r, enum ch_section_id id, const struct json_value *flag)
{
	struct place at = place_of_key(r, flag);
	struct ch_item *item;

	if (flag->type != JSON_BOOL) {
		wrong_type(r, flag, "true or false");
		return;
	}
	item = flag->boolean ? ch_item_add(r->t, r->config, id, &at) : NULL;
	if (item)
		item->node = flag;
}

static void read_section(struct reader *r, enum ch_section_id id, const struct json_value *value)
{
	if (value->type == JSON_NULL)
		return;
	switch (ch_sections[id].kind) {
	case CH_FLAG:
		read_flag(r, id, value);
		break;
	case CH_OBJECT:
		read_object(r, id, value);
		break;
	case CH_ARRAY:
		if (value->type != JSON_ARRAY)
			wrong_type(r, value, "a list");
		for (size_t i = 0; value->type == JSON_ARRAY && i < value->n && !r->t->err; i++)
			read_object(r, id, &value->items[i]);
		break;
	}
}

static void read_root(struct reader *r, const struct json_value *root)
{
	for (size_t i = 0; i < root->n && !r->t->err; i++) {
		const struct json_value *zones;

		for (size_t id = 0; id < CH_SECTIONS && !r->t->err; id++) {
			if (id == CH_ZONE || !ch_sections[id].member ||
			    !str_eq(ch_sections[id].member, root->items[i].key))
				continue;
			read_section(r, (enum ch_section_id)id, &root->items[i]);
			zones = id == CH_MEMORY && root->items[i].type == JSON_OBJECT
					? json_member(&root->items[i], "zones")
					: NULL;
			if (zones && !r->t->err)
				read_section(r, CH_ZONE, zones);
		}
	}
}

static void tell_error(struct reader *r, const struct json_error *error)
{
	struct place at = ch_place(r->t->vm, r->config, error->offset, error->offset);

	translation_fail(r->t, &at, error->reason);
}

void ch_read_json(struct translation *t, struct ch_config *config)
{
	struct json_value *root = arena_alloc(t->vm->arena, sizeof(*root));
	struct reader r = {.t = t, .config = config};
	struct json_error error;
	int err = root ? json_parse(t->vm->arena, t->vm->source, t->vm->source_length, root, &error)
		       : -ENOMEM;

	config->is_json = true;
	config->root = root;
	if (err == -EBADMSG)
		tell_error(&r, &error);
	else if (err)
		t->err = err;
	else if (root->type != JSON_OBJECT)
		wrong_type(&r, root, "an object");
	else
		read_root(&r, root);
}

/* Members that a VM's config has and hardly another JSON text; an unfinished one counts, too. */
bool ch_is_json(const char *bytes, size_t length)
{
	static const char *const marks[] = {"\"payload\"",	  "\"boot_vcpus\"",
					    "\"max_phys_bits\"",  "\"num_pci_segments\"",
					    "\"hotplug_method\"", "\"/sys/bus/pci/devices/",
					    "\"iommu_segments\""};
	size_t at = 0;

	while (at < length &&
	       (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\r' || bytes[at] == '\n'))
		at++;
	if (at == length || bytes[at] != '{' || memchr(bytes, '\0', length))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		if (memmem(bytes + at, length - at, marks[i], strlen(marks[i])))
			return !memmem(bytes + at, length - at, "iommufit.", 9);
	}
	return false;
}
