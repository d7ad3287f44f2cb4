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
		return option_fail(
			set, arena_printf(p->vm->arena, "-set is not supported with %s", group));
	if (!option_group_exists(group))
		return option_fail(
			set, arena_printf(p->vm->arena, "There is no option group '%s'", group));
	if (!option_info_group(group))
		return 0; /* a group whose members are not looked into */
	target = parser_find_id(p->vm, option_info_group(group), id, set);
	if (!target)
		return option_fail(set, arena_printf(p->vm->arena, "there is no %s \"%s\" defined",
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
		return option_fail(option, "requires an argument");
	if (!*option->name)
		return option_fail(option, "invalid option");
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

/* The PCI address that a vfio device names, or one whose model is missing; NULL if none (mdev, an
 * inherited descriptor, a shell variable). */
static const char *assigned_address(const struct vm_option *option)
{
	const char *driver = option_value(option, "driver");
	const struct pair *host = option_pair(option, "host"),
			  *path = option_pair(option, "sysfsdev");
	struct pci_address address;
	const char *slash;

	if (option->kind != OPTION_DEVICE || (driver && !str_starts(driver, "vfio-")))
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
					 *o->name || !o->text
						 ? arena_printf(vm->arena, "-%s", o->name)
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
	if (!ret)
		ret = list_assigned(vm);
	return ret ? ret : vm_find_firmware(vm);
}
