// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * edit.c - edits of QEMU's words, written into the domain that they were made from. What
 * libvirt has no word for goes through its <qemu:override> and <qemu:commandline>; what they cannot
 * do either is refused with the reason.
 */
#include <errno.h>
#include <stdarg.h>

#include "vm/edit.h"
#include "vm/libvirt/edit.h"

/* virDomainDefFormatInternalSetRootName() */
static const char top_order[] =
	"name uuid genid title description metadata maxMemory memory currentMemory blkiotune "
	"memtune memoryBacking vcpu vcpus iothreads iothreadids defaultiothread cputune numatune "
	"resource sysinfo bootloader bootloader_args os idmap features cpu clock on_poweroff "
	"on_reboot on_crash on_lockfailure pm perf iommufd devices seclabel keywrap launchSecurity";

int lv_cannot(struct lv_editor *e, const char *format, ...)
{
	char *reason;
	va_list args;

	va_start(args, format);
	reason = arena_vprintf(e->arena, format, args);
	va_end(args);
	if (!reason)
		return -ENOMEM;
	return ctx_fail(e->ctx, -EOPNOTSUPP, "%s: %s", e->vm->name, reason);
}

bool lv_is_true(const char *value)
{
	return str_eq(value, "on") || str_eq(value, "yes") || str_eq(value, "true");
}

struct draft_node *lv_top(struct lv_editor *e, const char *name)
{
	return draft_child(&e->draft, &e->draft.root, name, top_order);
}

/* ---- QEMU's name space ---- */

static const char *declared_prefix(const struct lv_editor *e)
{
	const struct xml_node *root = e->d->root;

	for (size_t i = 0; i < root->n_attributes; i++) {
		if (str_starts(root->attributes[i].name, "xmlns:") &&
		    str_eq(root->attributes[i].value, LV_QEMU_URI))
			return root->attributes[i].name + 6;
	}
	return NULL;
}

const char *lv_qemu_name(struct lv_editor *e, const char *name)
{
	const char *prefix = declared_prefix(e), *text;

	if (!prefix) {
		prefix = "qemu";
		draft_set(&e->draft, &e->draft.root, "xmlns:qemu", LV_QEMU_URI);
	}
	text = arena_printf(e->arena, "%s:%s", prefix, name);
	if (!text)
		e->draft.err = -ENOMEM;
	return text ? text : "";
}

void lv_add_word(struct lv_editor *e, const char *word)
{
	struct draft_node *list =
		draft_find(&e->draft, &e->draft.root, LV_QEMU "commandline", NULL, NULL);

	if (!list)
		list = draft_add(&e->draft, &e->draft.root, lv_qemu_name(e, "commandline"), NULL);
	draft_set(&e->draft, draft_add(&e->draft, list, lv_qemu_name(e, "arg"), NULL), "value",
		  word);
}

static int add_words(struct lv_editor *e, const struct vm_edit *edit)
{
	lv_add_word(e, arena_printf(e->arena, "-%s", edit->name));
	if (edit->value)
		lv_add_word(e, edit->value);
	return 0;
}

/* ---- what is in <qemu:commandline> already ---- */

static bool is_arg(const struct xml_node *node)
{
	return node && node->space && str_eq(node->space, LV_QEMU_URI) &&
	       str_eq(strchr(node->name, ':') ? strchr(node->name, ':') + 1 : node->name, "arg");
}

/* The element of the option's argument; the option's own if it is one word. */
static const struct xml_node *argument_node(const struct vm_option *option)
{
	const struct xml_node *node = option->origin;

	if (!option->text || !*option->name)
		return node;
	do
		node = xml_sibling(node);
	while (node && !xml_attribute(node, "value"));
	return node;
}

static int edit_words_there(struct lv_editor *e, const struct vm_option *option,
			    const struct vm_edit *edit)
{
	const struct xml_node *node = argument_node(option);
	struct rope rope;
	struct word word;
	int err;

	if (!node || !option->text)
		return lv_cannot(e, "-%s has no argument to edit", option->name);
	/* After other edits of it. */
	err = word_plain(e->arena, draft_value(draft_open(&e->draft, node), "value"), &word);
	if (!err)
		err = rope_new(e->arena, &word, &rope);
	if (!err)
		err = rope_edit(e->ctx, e->arena, option, edit, &rope);
	if (!err)
		draft_set(&e->draft, draft_open(&e->draft, node), "value", rope.text);
	return err;
}

static int remove_words(struct lv_editor *e, const struct vm_option *option)
{
	const struct xml_node *node = option->origin, *argument = argument_node(option);
	struct draft_node *list = draft_open(&e->draft, node->parent);

	draft_remove(draft_open(&e->draft, node));
	if (argument)
		draft_remove(draft_open(&e->draft, argument));
	if (draft_is_bare(list))
		draft_remove(list);
	return 0;
}

/* ---- edits ---- */

static int set_option(struct lv_editor *e, const struct vm_option *option,
		      const struct vm_edit *edit)
{
	static int (*const by_kind[])(struct lv_editor *, const struct vm_option *,
				      const struct vm_edit *) = {
		[OPTION_MACHINE] = lv_edit_machine,
		[OPTION_CPU] = lv_edit_cpu,
		[OPTION_MEMORY] = lv_edit_memory,
		[OPTION_OBJECT] = lv_edit_object,
		[OPTION_DEVICE] = lv_edit_device,
		[OPTION_GLOBAL] = lv_edit_global,
		[OPTION_OTHER] = NULL,
	};

	if (is_arg(option->origin))
		return edit_words_there(e, option, edit);
	if (!edit->key)
		return lv_cannot(e, "libvirt writes -%s by itself", option->name);
	if (by_kind[option->kind])
		return by_kind[option->kind](e, option, edit);
	return lv_edit_in_place(e, option, edit);
}

/* Whether the element stands for nothing else than the option. */
static bool is_own_element(const struct vm_option *option, const struct xml_node *node)
{
	return option->kind == OPTION_DEVICE || option->kind == OPTION_FW_CFG ||
	       (option->kind == OPTION_OBJECT && node->parent && str_eq(node->name, "rng"));
}

static int remove_option(struct lv_editor *e, const struct vm_option *option)
{
	const struct xml_node *node = option->origin;
	const char *type = option_value(option, "qom-type");

	if (is_arg(node))
		return remove_words(e, option);
	/* It is there as long as a device uses it. */
	if (option->kind == OPTION_OBJECT && type && str_eq(type, "iommufd"))
		return 0;
	if (option->kind == OPTION_GLOBAL && node && xml_child(node, "pcihole64")) {
		draft_remove(draft_open(&e->draft, xml_child(node, "pcihole64")));
		return 0;
	}
	if (!node || !is_own_element(option, node))
		return lv_cannot(e, "libvirt adds -%s by itself, it cannot be left out",
				 option->name);
	draft_remove(draft_open(&e->draft, node));
	return 0;
}

/* The object comes with the devices that are to use it. */
static bool is_backend_of_devices(const struct lv_editor *e, const struct vm_edit *edit)
{
	if (!str_eq(edit->name, "object") || !edit->value || !str_starts(edit->value, "iommufd,"))
		return false;
	for (size_t i = 0; i < e->n_edits; i++) {
		const struct vm_edit *other = &e->edits[i];

		if (other->op == EDIT_SET && other->key && str_eq(other->key, "iommufd") &&
		    !is_arg(e->vm->options[other->option].origin))
			return true;
	}
	return false;
}

static int add_option(struct lv_editor *e, const struct vm_edit *edit)
{
	static const struct {
		const char *name;
		int (*add)(struct lv_editor *, const struct vm_edit *);
	} adders[] = {{"device", lv_add_iommu},
		      {"device", lv_add_bus},
		      {"fw_cfg", lv_add_fw_cfg},
		      {"global", lv_add_global}};

	if (!edit->name)
		return -EINVAL;
	if (is_backend_of_devices(e, edit))
		return 0;
	if (str_eq(edit->name, "cpu") || str_eq(edit->name, "machine"))
		return lv_cannot(e, "libvirt writes -%s by itself", edit->name);
	for (size_t i = 0; edit->value && i < ARRAY_SIZE(adders); i++) {
		int ret = str_eq(edit->name, adders[i].name) ? adders[i].add(e, edit) : 1;

		if (ret <= 0)
			return ret;
	}
	return add_words(e, edit);
}

/* ---- remarks ---- */

static struct draft_node *open_path(struct lv_editor *e, const struct lv_cure *cure)
{
	struct draft_node *node = draft_open(&e->draft, cure->node);
	const char *path = cure->path;

	while (path && *path) {
		size_t length = strcspn(path, "/");
		const char *name = arena_strndup(e->arena, path, length);

		if (!name) {
			e->draft.err = -ENOMEM;
			break;
		}
		node = node == &e->draft.root ? lv_top(e, name)
					      : draft_child(&e->draft, node, name, NULL);
		path += length + (path[length] == '/');
	}
	return node;
}

static int make_cure(struct lv_editor *e, const struct lv_cure *cure)
{
	struct draft_node *node = open_path(e, cure);

	switch (cure->op) {
	case LV_CURE_SET:
		if (cure->attribute)
			draft_set(&e->draft, node, cure->attribute, cure->value);
		else if (cure->value)
			draft_text(&e->draft, node, cure->value);
		break;
	case LV_CURE_UNSET:
		draft_set(&e->draft, node, cure->attribute, NULL);
		break;
	case LV_CURE_RENAME:
		draft_rename(&e->draft, node, cure->attribute, cure->value);
		break;
	case LV_CURE_REMOVE:
		draft_remove(node);
		break;
	case LV_CURE_INSERT:
		draft_add(&e->draft, node, "", NULL)->written = cure->value;
		break;
	}
	return 0;
}

static int cure_remark(struct lv_editor *e, const struct vm_edit *edit)
{
	const struct remark *remark =
		edit->option < e->vm->n_remarks ? &e->vm->remarks[edit->option] : NULL;
	int err = 0;

	if (!remark || !remark->has_cure)
		return lv_cannot(e, "nothing is known that would cure it");
	for (const struct lv_cure *cure = remark->origin; !err && cure; cure = cure->next)
		err = make_cure(e, cure);
	return err;
}

static int make_edit(struct lv_editor *e, const struct vm_edit *edit)
{
	const struct vm_option *option =
		edit->option < e->vm->n_options ? &e->vm->options[edit->option] : NULL;

	if (edit->op == EDIT_REMARK)
		return cure_remark(e, edit);
	if (edit->op == EDIT_ADD)
		return add_option(e, edit);
	if (!option)
		return -EINVAL;
	if (option->at.file)
		return lv_cannot(e, "%s is read from a file, which is not edited", option->name);
	if (edit->op == EDIT_MOVE)
		return lv_cannot(e, "libvirt orders devices by itself");
	return edit->op == EDIT_REMOVE ? remove_option(e, option) : set_option(e, option, edit);
}

int libvirt_edit(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits,
		 size_t n, struct arena *arena, const char **text, size_t *length)
{
	struct lv_editor e = {.ctx = ctx,
			      .vm = vm,
			      .d = vm->config_data,
			      .edits = edits,
			      .n_edits = n,
			      .arena = arena};
	struct splices splices = {0};
	int err = 0;

	draft_begin(&e.draft, arena, e.d->root);
	for (size_t i = 0; !err && i < n; i++)
		err = make_edit(&e, &edits[i]);
	if (!err)
		err = draft_write(&e.draft, vm->source, &splices);
	if (err == -EOPNOTSUPP && !e.draft.err && splices.n)
		err = lv_cannot(&e, "a text in several pieces is not edited");
	if (!err)
		err = splices_apply(arena, vm->source, vm->source_length, &splices, text, length);
	return err == -EINVAL ? lv_cannot(&e, "the edits do not go together") : err;
}
