// SPDX-License-Identifier: LGPL-2.1-or-later
/* qemu_argv.c - the words of a QEMU command line to options with pairs. Order and effects:
 * system/vl.c qemu_init(). */
#include <errno.h>

#include "vm/parser.h"

int parser_fail(struct parser *p, const struct place *place, const char *reason)
{
	const char *file = place->file ? place->file : p->vm->name;

	if (p->vm->form == FORM_ARGV && !place->file)
		return ctx_fail(p->ctx, -EBADMSG, "%s: argument %d: %s", file, place->arg, reason);
	return ctx_fail(p->ctx, -EBADMSG, "%s:%u: %s", file, place->line, reason);
}

struct vm_option *parser_add(struct parser *p)
{
	struct iof_vm *vm = p->vm;

	vm->options = arena_grow(vm->arena, vm->options, vm->n_options, &p->options_cap,
				 sizeof(*vm->options));
	if (!vm->options)
		return NULL;
	vm->options[vm->n_options] = (struct vm_option){0};
	return &vm->options[vm->n_options++];
}

int option_add_pair(struct arena *arena, struct vm_option *option, const struct pair *pair)
{
	option->pairs = arena_grow(arena, option->pairs, option->n_pairs, &option->pairs_cap,
				   sizeof(*pair));
	if (!option->pairs) {
		option->n_pairs = 0;
		return -ENOMEM;
	}
	option->pairs[option->n_pairs++] = *pair;
	return 0;
}

/* ---- what QEMU says of the pairs ---- */

static int set_error(struct vm_option *option, const char *text)
{
	if (!text)
		return -ENOMEM;
	if (!option->error)
		option->error = text;
	return 0;
}

/* qemu/id.c id_wellformed() */
static bool is_identifier(const char *id)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return *id && strchr(letters, *id) &&
	       id[strspn(id,
			 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")] ==
		       '\0';
}

/* The first id counts (opts_parse_id). */
static const struct pair *first_pair(const struct vm_option *option, const char *key)
{
	for (size_t i = 0; i < option->n_pairs; i++) {
		if (str_eq(option->pairs[i].key, key))
			return &option->pairs[i];
	}
	return NULL;
}

/* The option with that id among those that QEMU keeps as QemuOpts of this kind: not JSON, not one
 * that failed. */
static struct vm_option *find_id(struct iof_vm *vm, const struct option_info *info, const char *id,
				 const struct vm_option *before)
{
	for (struct vm_option *o = vm->options; o < before; o++) {
		const struct pair *pair;

		if (o->kind != info->kind || o->is_json || o->error)
			continue;
		if (o->kind == OPTION_OTHER && !str_eq(o->name, info->name))
			continue;
		pair = first_pair(o, "id");
		if (pair && str_eq(pair->value, id))
			return o;
	}
	return NULL;
}

static int judge_id(struct parser *p, const struct option_info *info, struct vm_option *option)
{
	static const char hint[] =
		"Parameter 'id' expects an identifier\n"
		"Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.";
	const struct pair *id = first_pair(option, "id");

	/* Lists that are merged, or that are no QemuOpts. */
	if (!id || id->has_variable || info->kind == OPTION_MEMORY ||
	    info->kind == OPTION_MACHINE || info->kind == OPTION_SMP)
		return 0;
	if (!is_identifier(id->value)) /* from a file QEMU leaves the hint out */
		return set_error(option,
				 option->at.file ? "Parameter 'id' expects an identifier" : hint);
	if (find_id(p->vm, info, id->value, option))
		return set_error(option, arena_printf(p->vm->arena, "Duplicate ID '%s' for %s",
						      id->value, info->group));
	return 0;
}

/* util/cutils.c do_strtosz(): decimal with fraction, or hexadecimal; one suffix. */
static bool is_size(const char *text)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	size_t n =
		strspn(is_hex ? text + 2 : text, is_hex ? "0123456789abcdefABCDEF" : "0123456789");
	const char *end = (is_hex ? text + 2 : text) + n;

	if (!n && (is_hex || *end != '.'))
		return false;
	if (!is_hex && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (*end && strchr("bBkKmMgGtTpPeE", *end))
		end++;
	return *end == '\0';
}

/* strtoull(): base by prefix. */
static bool is_number(const char *text)
{
	const char *digits;
	bool is_hex;

	text += strspn(text, " \t+-");
	is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && text[2];
	digits = is_hex ? "0123456789abcdefABCDEF" : (text[0] == '0' ? "01234567" : "0123456789");

	text += is_hex ? 2 : 0;
	return *text && text[strspn(text, digits)] == '\0';
}

static int judge_value(struct parser *p, enum value_type type, struct vm_option *option,
		       const struct pair *pair)
{
	static const char hint[] =
		"\nOptional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
		"and exabytes, respectively.";

	if (type == VALUE_NUMBER && !is_number(pair->value))
		return set_error(
			option,
			arena_printf(p->vm->arena, "Parameter '%s' expects a number", pair->key));
	if (type == VALUE_SIZE && *pair->value && !is_size(pair->value))
		return set_error(
			option,
			arena_printf(p->vm->arena,
				     "Parameter '%s' expects a non-negative number below 2^64%s",
				     pair->key, option->at.file ? "" : hint));
	return 0;
}

/* QEMU warns of each flag as it comes to it; "delay" it tells the other way round
 * (util/qemu-option.c). */
static void warn_flag(struct buf *out, const struct pair *pair)
{
	const char *no = str_eq(pair->value, "off") ? "no" : "";
	bool is_delay = str_eq(pair->key, "delay");
	const char *value = is_delay ? (*no ? "on" : "off") : pair->value;

	if (!pair->is_flag || pair->has_variable ||
	    (!*no && (str_eq(pair->key, "help") || str_eq(pair->key, "?"))))
		return;
	buf_printf(out,
		   "%swarning: short-form boolean option '%s%s' deprecated\nPlease use %s%s=%s "
		   "instead",
		   out->length ? "\n" : "", no, pair->key, is_delay ? "no" : "", pair->key, value);
}

static int judge_key(struct parser *p, const struct option_info *info, struct vm_option *option,
		     const struct pair *pair)
{
	const struct known_key *known = info->keys;

	if (!known || pair->has_variable || str_eq(pair->key, "id"))
		return 0;
	while (known->name && !str_eq(known->name, pair->key))
		known++;
	if (known->name)
		return judge_value(p, known->type, option, pair);
	return set_error(option, arena_printf(p->vm->arena, "Invalid parameter '%s'", pair->key));
}

static int judge_pairs(struct parser *p, const struct option_info *info, struct vm_option *option)
{
	struct buf warnings = {0};
	int ret = 0;

	for (size_t i = 0; !ret && i < option->n_pairs && !option->error; i++) {
		warn_flag(&warnings, &option->pairs[i]);
		ret = judge_key(p, info, option, &option->pairs[i]);
	}
	if (!ret && warnings.length) {
		option->warnings = warnings.err ? NULL : arena_strdup(p->vm->arena, warnings.data);
		ret = option->warnings ? 0 : -ENOMEM;
	}
	buf_free(&warnings);
	return ret;
}

int option_judge(struct parser *p, const struct option_info *info, struct vm_option *option)
{
	int ret = 0;

	if (option->error || !info->group)
		return 0;
	if (option->is_json)
		return option->kind == OPTION_OBJECT && !option->has_variable &&
				       !option_pair(option, "qom-type")
			       ? set_error(option, "Parameter 'qom-type' is missing")
			       : 0;
	if (info->syntax == SYNTAX_OPTS)
		ret = judge_id(p, info, option);
	if (!ret && !option->error && info->syntax != SYNTAX_KEYVAL)
		ret = judge_pairs(p, info, option);
	if (ret || option->error || option->has_variable)
		return ret;
	if (option->kind == OPTION_OBJECT && !option_pair(option, "qom-type"))
		return set_error(option, "Parameter 'qom-type' is missing");
	if (option->kind == OPTION_GLOBAL && !option->at.file &&
	    (!option_pair(option, "driver") || !option_pair(option, "property") ||
	     !option_pair(option, "value")))
		return set_error(option, "options 'driver', 'property', and 'value' are required");
	return 0;
}

/* ---- one option ---- */

static int add_segments(struct parser *p, struct vm_option *option, const struct segments *parts,
			int arg)
{
	struct word *word = &p->vm->words[arg];

	for (size_t i = 0; i < parts->n; i++) {
		const struct segment *s = &parts->list[i];
		struct pair pair = {
			.key = s->key,
			.value = s->value,
			.is_implied = s->is_implied,
			.is_flag = s->is_flag,
			.json_type = s->json_type,
			.has_variable = word_has_variable(word, s->start, s->end),
			.at = word_place(word, p->vm->source, s->value_start, s->value_end, arg)};
		int ret = option_add_pair(p->vm->arena, option, &pair);

		if (ret)
			return ret;
	}
	return 0;
}

/* An option that stands for a pair: -enable-kvm is accel=kvm, -pflash FILE is if=pflash and
 * file=FILE. */
static int add_fixed_pair(struct parser *p, const struct option_info *info,
			  struct vm_option *option, int arg)
{
	struct pair pair = {.key = info->set_key,
			    .value = info->set_value,
			    .is_implied = true,
			    .is_flag = true,
			    .at = option->at};
	int ret = option_add_pair(p->vm->arena, option, &pair);

	if (ret || !option->text)
		return ret;
	pair = (struct pair){.key = "file",
			     .value = option->text,
			     .is_implied = true,
			     .at = p->vm->arg_places[arg]};
	return option_add_pair(p->vm->arena, option, &pair);
}

static int parse_argument(struct parser *p, const struct option_info *info,
			  struct vm_option *option, int arg)
{
	struct segments parts;
	int ret;

	if (info->set_key)
		return add_fixed_pair(p, info, option, arg);
	ret = argument_split(p->vm->arena, info, &p->vm->words[arg], &parts);
	if (ret == -E2BIG)
		return parser_fail(p, &option->at,
				   "more than 1024 pairs in an option, or JSON deeper than 32");
	if (ret)
		return ret;
	option->is_json = parts.syntax == SYNTAX_JSON;
	option->error = parts.error;
	ret = add_segments(p, option, &parts, arg);
	return ret ? ret : option_judge(p, info, option);
}

/* -set: append the pair to the option that it names (qemu_set_option). */
static int apply_set(struct parser *p, struct vm_option *set)
{
	const char *group, *id;
	struct vm_option *target;
	struct pair pair;

	if (set->error || set->n_pairs != 4 || set->has_variable)
		return 0;
	group = set->pairs[0].value;
	id = set->pairs[1].value;
	if (str_eq(group, "object") || str_eq(group, "audiodev") || str_eq(group, "machine") ||
	    str_eq(group, "smp-opts") || str_eq(group, "boot-opts"))
		return set_error(
			set, arena_printf(p->vm->arena, "-set is not supported with %s", group));
	if (!option_group_exists(group))
		return set_error(
			set, arena_printf(p->vm->arena, "There is no option group '%s'", group));
	if (!option_info_group(group))
		return 0; /* a group whose members are not looked into */
	target = find_id(p->vm, option_info_group(group), id, set);
	if (!target)
		return set_error(set, arena_printf(p->vm->arena, "there is no %s \"%s\" defined",
						   group, id));
	if (target->n_pairs == MAX_PAIRS)
		return parser_fail(p, &set->at, "more than 1024 pairs in an option");
	pair = (struct pair){
		.key = set->pairs[2].value, .value = set->pairs[3].value, .at = set->pairs[3].at};
	return option_add_pair(p->vm->arena, target, &pair);
}

static struct place option_place(struct iof_vm *vm, size_t first, size_t last)
{
	struct place place = vm->arg_places[first];

	place.length = vm->arg_places[last].offset + vm->arg_places[last].length - place.offset;
	if (vm->form == FORM_ARGV)
		place.length = vm->words[first].length;
	return place;
}

/* A word without a dash is a disk image; whole words in variables may be anything. */
static int add_positional(struct parser *p, size_t i)
{
	struct vm_option *option = parser_add(p);
	const struct word *word = &p->vm->words[i];

	if (!option)
		return -ENOMEM;
	option->has_variable = word->marks != NULL;
	option->kind = option->has_variable ? OPTION_UNKNOWN : OPTION_OTHER;
	option->name = "";
	option->text = word->text;
	option->at = p->vm->arg_places[i];
	return 0;
}

/* Known options by the table. Others take what follows, unless that begins an option. */
static bool takes_argument(const struct iof_vm *vm, const struct option_info *info, size_t i)
{
	if (info)
		return info->has_argument;
	return i + 1 < vm->n_args && *vm->words[i + 1].text != '-';
}

/* The option at word i; *used: how many words it takes. */
static int add_option(struct parser *p, size_t i, size_t *used)
{
	struct iof_vm *vm = p->vm;
	const struct option_info *info = option_info_word(vm->words[i].text);
	struct vm_option *option = parser_add(p);
	bool wants = takes_argument(vm, info, i), has = wants && i + 1 < vm->n_args;
	int ret = 0;

	if (!option)
		return -ENOMEM;
	*used = has ? 2 : 1;
	option->kind = info ? info->kind : OPTION_UNKNOWN;
	option->name = vm->words[i].text + (vm->words[i].text[1] == '-' ? 2 : 1);
	option->at = option_place(vm, i, i + *used - 1);
	option->text = has ? vm->words[i + 1].text : NULL;
	option->has_variable = vm->words[i].marks || (has && vm->words[i + 1].marks);
	if (wants && !has)
		return set_error(option, "requires an argument");
	if (!*option->name)
		return set_error(option, "invalid option");
	if (!info)
		return 0;
	if (info->set_key || (has && info->syntax != SYNTAX_TEXT))
		ret = parse_argument(p, info, option, (int)(i + 1));
	if (!ret && option->kind == OPTION_SET)
		ret = apply_set(p, option);
	if (!ret && option->kind == OPTION_READCONFIG)
		ret = readconfig_load(p, option);
	return ret;
}

/* ---- the whole ---- */

static int list_words(struct iof_vm *vm)
{
	vm->args = arena_array(vm->arena, vm->n_args + 1, sizeof(*vm->args));
	vm->arg_places = arena_array(vm->arena, vm->n_args + 1, sizeof(*vm->arg_places));
	if (!vm->args || !vm->arg_places)
		return -ENOMEM;
	for (size_t i = 0; i < vm->n_args; i++) {
		struct word *word = &vm->words[i];

		vm->args[i] = word->text;
		vm->arg_places[i] = (struct place){.line = word->line,
						   .column = word->column,
						   .offset = word->offset,
						   .length = word->raw_length,
						   .arg = (int)i};
	}
	return 0;
}

static int string_add(struct arena *arena, const char ***list, size_t *n, size_t *cap,
		      const char *text)
{
	*list = text ? arena_grow(arena, *list, *n, cap, sizeof(**list)) : NULL;
	if (!*list) {
		*n = 0;
		return -ENOMEM;
	}
	(*list)[(*n)++] = text;
	return 0;
}

/* The PCI address that a vfio device names, NULL if none (mdev, an inherited descriptor, a shell
 * variable). */
static const char *assigned_address(const struct vm_option *option)
{
	const char *driver = option_value(option, "driver");
	const struct pair *host = option_pair(option, "host"),
			  *path = option_pair(option, "sysfsdev");
	struct pci_address address;
	const char *slash;

	if (option->kind != OPTION_DEVICE || !driver || !str_starts(driver, "vfio-"))
		return NULL;
	if (path && !path->has_variable) {
		slash = strrchr(path->value, '/');
		return slash && !parse_bdf(slash + 1, &address) ? slash + 1 : NULL;
	}
	return host && !host->has_variable ? host->value : NULL;
}

static int list_assigned(struct iof_vm *vm)
{
	size_t cap = 0, ignored_cap = 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < vm->n_options; i++) {
		const struct vm_option *o = &vm->options[i];
		const char *address = assigned_address(o);

		if (address)
			ret = string_add(vm->arena, &vm->assigned, &vm->n_assigned, &cap, address);
		if (!ret && (o->kind == OPTION_UNKNOWN || o->kind == OPTION_OTHER || o->is_unread))
			ret = string_add(vm->arena, &vm->ignored, &vm->n_ignored, &ignored_cap,
					 *o->name ? arena_printf(vm->arena, "-%s", o->name)
						  : o->text);
	}
	return ret;
}

int vm_parse(struct iof_ctx *ctx, struct iof_vm *vm, iof_vm_open_fn open, void *data)
{
	struct parser p = {.ctx = ctx, .vm = vm, .open = open, .open_data = data};
	size_t used;
	int ret = list_words(vm);

	vm->program = vm->n_args && *vm->words[0].text ? vm->words[0].text : NULL;
	for (size_t i = 1; !ret && i < vm->n_args; i += used) {
		used = 1;
		if (*vm->words[i].text == '-')
			ret = add_option(&p, i, &used);
		else
			ret = add_positional(&p, i);
	}
	return ret ? ret : list_assigned(vm);
}
