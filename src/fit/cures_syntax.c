/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cures for an option that QEMU cannot read. What was meant is often to be seen from the rest of
 * the command line: an object that a device names, an id that another one has. An option whose
 * meaning nobody can tell is left out where no device and no RAM would go with it.
 */
#include <errno.h>

#include "fit/cures.h"

/* Whether some option before `until` has that id. */
static bool has_id(const struct iof_machine *m, const char *id, size_t until)
{
	for (size_t i = 0; i < m->vm->n_options && i < until; i++) {
		const char *own = option_value(&m->vm->options[i], "id");

		if (own && str_eq(own, id))
			return true;
	}
	return false;
}

const char *unused_id(struct fix_list *list, const struct iof_machine *m, const char *base)
{
	const char *id = base;

	for (unsigned n = 2; id && has_id(m, id, SIZE_MAX); n++)
		id = arena_printf(list->arena, "%s-%u", base, n);
	if (!id)
		list->err = -ENOMEM;
	return id;
}

/* The object that some device asks for and that nothing makes. */
static const char *missing_object(const struct iof_machine *m)
{
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const char *name = option_value(option, "iommufd");

		if (option->kind == OPTION_DEVICE && name && !has_id(m, name, SIZE_MAX))
			return name;
	}
	return NULL;
}

static void name_object(struct fix_list *list, const struct iof_machine *m, size_t index)
{
	const struct vm_option *option = &m->vm->options[index];
	const char *type = option_value(option, "qom-type");
	const char *wanted = missing_object(m);

	if (!type && wanted) {
		fix_set(list, fix_new(list, "The object that the device names is an iommufd."),
			index, "qom-type", "iommufd", "object.qom-type");
		return;
	}
	if (!type || option_pair(option, "id"))
		return;
	if (!wanted || !str_eq(type, "iommufd"))
		wanted = unused_id(list, m, str_eq(type, "iommufd") ? "iommufd0" : "object0");
	fix_set(list, fix_new(list, "The object gets an id."), index, "id", wanted, "object.id");
}

/* Letters, digits and -._ stay; the first is a letter (util/id.c id_wellformed). */
static const char *well_formed(struct fix_list *list, const char *id)
{
	char *copy = arena_printf(list->arena, "%s%s",
				  (*id | 32) >= 'a' && (*id | 32) <= 'z' ? "" : "id", id);

	for (char *c = copy; c && *c; c++) {
		bool good = (*c >= '0' && *c <= '9') || ((*c | 32) >= 'a' && (*c | 32) <= 'z') ||
			    strchr("-._", *c);

		*c = good ? *c : '-';
	}
	if (!copy)
		list->err = -ENOMEM;
	return copy;
}

static void change_id(struct fix_list *list, const struct iof_machine *m, size_t index)
{
	const char *id = option_value(&m->vm->options[index], "id");
	const char *good = id ? well_formed(list, id) : NULL;

	if (!good || (str_eq(good, id) && !has_id(m, id, index)))
		return;
	fix_set(list,
		fix_new(list, str_eq(good, id) ? "The second one gets an id of its own."
					       : "The id becomes one that QEMU takes."),
		index, "id", unused_id(list, m, good), "device.id");
}

/* -set before the option that it is for: behind it. */
static void move_set(struct fix_list *list, const struct iof_machine *m, size_t index)
{
	const char *id = option_value(&m->vm->options[index], "id");

	for (size_t i = index + 1; id && i < m->vm->n_options; i++) {
		const char *own = option_value(&m->vm->options[i], "id");

		if (!own || !str_eq(own, id) || m->vm->options[i].kind == OPTION_SET)
			continue;
		fix_move(list, fix_new(list, "-set comes after what it changes."), index, i + 1,
			 "set");
		return;
	}
}

/* What JSON text lacks at its end; `*end` is where its first value is over, if it is. */
static const char *json_closers(struct arena *arena, const char *text, size_t *end)
{
	char *open = arena_alloc(arena, strlen(text) + 2);
	size_t depth = 0;
	bool is_string = false;

	*end = 0;
	for (const char *c = text; open && *c && !*end; c++) {
		if (is_string && *c == '\\' && c[1])
			c++;
		else if (*c == '"')
			is_string = !is_string;
		else if (!is_string && (*c == '{' || *c == '['))
			open[depth++] = *c == '{' ? '}' : ']';
		else if (!is_string && (*c == '}' || *c == ']') && depth && --depth == 0)
			*end = (size_t)(c - text) + 1;
	}
	if (!open)
		return NULL;
	for (size_t i = 0; i < depth / 2; i++) {
		char c = open[i];

		open[i] = open[depth - 1 - i];
		open[depth - 1 - i] = c;
	}
	open[depth] = '\0';
	if (!is_string)
		return open;
	return arena_printf(arena, "\"%s", open);
}

static void end_json(struct fix_list *list, const struct iof_machine *m, size_t index)
{
	const struct vm_option *option = &m->vm->options[index];
	const char *closers, *text;
	size_t end;

	if (!option->text || *option->text != '{')
		return;
	closers = json_closers(list->arena, option->text, &end);
	text = !closers ? NULL
	       : end	? arena_strndup(list->arena, option->text, end)
			: arena_printf(list->arena, "%s%s", option->text, closers);
	if (!text)
		list->err = -ENOMEM;
	else
		fix_set(list, fix_new(list, "The JSON text is ended where it breaks off."), index,
			NULL, text, option->name);
}

/* Each of its keys left out, one at a time; the size of the RAM cannot be guessed. */
static void drop_key(struct fix_list *list, const struct iof_machine *m, size_t index)
{
	const struct vm_option *option = &m->vm->options[index];

	for (size_t i = 0; i < option->n_pairs; i++) {
		const char *key = option->pairs[i].key;

		if (option->pairs[i].is_implied || str_eq(key, "id") || str_eq(key, "size"))
			continue;
		fix_unset(list, fix_new(list, "What QEMU cannot read is left out."), index, key,
			  arena_printf(list->arena, "%s.%s", option->name, key));
	}
}

static bool may_go(const struct vm_option *option)
{
	return option->kind != OPTION_DEVICE && option->kind != OPTION_MEMORY &&
	       option->kind != OPTION_DRIVE && option->kind != OPTION_BLOCKDEV;
}

int cure_syntax(struct fix_list *list, const struct iof_machine *m,
		const struct iof_finding *finding)
{
	size_t index = finding->problem ? finding->problem->option : SIZE_MAX;
	const struct vm_option *option;

	if (index == SIZE_MAX)
		return 0;
	option = &m->vm->options[index];
	if (option->kind == OPTION_OBJECT)
		name_object(list, m, index);
	if (option->kind == OPTION_SET)
		move_set(list, m, index);
	else
		change_id(list, m, index);
	if (option->kind == OPTION_MEMORY)
		list->advice = "Write the size as a number with its unit, such as -m 4G.";
	if (option->is_json)
		list->advice = "Write the JSON text anew: one object, with the driver and its "
			       "properties.";
	if (option->kind == OPTION_DEVICE)
		end_json(list, m, index);
	drop_key(list, m, index);
	if (may_go(option))
		fix_remove(list, fix_new(list, "The option that QEMU cannot read is left out."),
			   index, option->name);
	return list->err;
}
