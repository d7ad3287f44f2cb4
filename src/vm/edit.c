// SPDX-License-Identifier: LGPL-2.1-or-later
/* edit.c - edits as a plan of options and their arguments, and a VM made from it. */
#include <errno.h>

#include "vm/edit.h"

struct planner {
	struct iof_ctx *ctx;
	const struct iof_vm *vm;
	const struct vm_edit *edits;
	size_t n_edits;
	struct arena *arena;
	struct plan *plan;
	size_t cap;
	bool *is_removed;	      /* by option */
	const struct vm_edit **moves; /* by option: the one that counts */
	struct rope **ropes;	      /* by option */
};

/* Whether the option's words are the VM's own, not those of a file that it reads. */
static bool is_written(const struct vm_option *option)
{
	return !option->at.file;
}

static const char *file_of(const struct planner *p, const struct vm_edit *edit)
{
	size_t index = edit->op == EDIT_MOVE && edit->before < p->vm->n_options ? edit->before
										: edit->option;

	return index < p->vm->n_options ? p->vm->options[index].at.file : NULL;
}

static bool is_name(const char *name)
{
	return name && *name &&
	       !name[strspn(name,
			    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

static int check_edit(const struct planner *p, const struct vm_edit *edit)
{
	bool may_end = edit->op == EDIT_ADD;

	if (edit->option > p->vm->n_options || (edit->option == p->vm->n_options && !may_end) ||
	    (edit->op == EDIT_MOVE && edit->before > p->vm->n_options))
		return ctx_fail(p->ctx, -EINVAL, "an edit of an option that does not exist");
	if (edit->op == EDIT_ADD && !is_name(edit->name))
		return ctx_fail(p->ctx, -EINVAL, "an option to add without a name");
	if (edit->op == EDIT_MOVE && edit->option < p->vm->n_options &&
	    !is_written(&p->vm->options[edit->option]))
		return ctx_fail(
			p->ctx, -EOPNOTSUPP, "%s:%u: is read from a file, which is not edited",
			p->vm->options[edit->option].at.file, p->vm->options[edit->option].at.line);
	if (file_of(p, edit) && !(may_end && edit->option == p->vm->n_options))
		return ctx_fail(p->ctx, -EOPNOTSUPP,
				"%s:%u: is read from a file, which is not edited", file_of(p, edit),
				p->vm->options[edit->option].at.line);
	return 0;
}

/* Pairs of that key that -set options gave: those options go. */
static void drop_set_options(struct planner *p, const struct vm_option *option, const char *key)
{
	for (size_t i = 0; key && i < option->n_pairs; i++) {
		int arg = option->pairs[i].at.arg;

		if (!str_eq(option->pairs[i].key, key) || arg == option->at.arg + 1 ||
		    arg == option->at.arg)
			continue;
		for (size_t k = 0; k < p->vm->n_options; k++) {
			if (p->vm->options[k].kind == OPTION_SET &&
			    p->vm->options[k].at.arg == arg - 1)
				p->is_removed[k] = true;
		}
	}
}

static int edit_argument(struct planner *p, const struct vm_edit *edit)
{
	const struct vm_option *option = &p->vm->options[edit->option];
	struct rope **rope = &p->ropes[edit->option];

	if (!option->text)
		return ctx_fail(p->ctx, -EINVAL, "-%s has no argument to edit", option->name);
	if (!*rope) {
		*rope = arena_alloc(p->arena, sizeof(**rope));
		if (!*rope)
			return -ENOMEM;
		/* A disk image's only word is its name. */
		if (rope_new(p->arena, &p->vm->words[option->at.arg + (*option->name ? 1 : 0)],
			     *rope))
			return -ENOMEM;
	}
	drop_set_options(p, option, edit->key);
	return rope_edit(p->ctx, p->arena, option, edit, *rope);
}

static int add_item(struct planner *p, const struct plan_item *item)
{
	p->plan->items = arena_grow(p->arena, p->plan->items, p->plan->n, &p->cap, sizeof(*item));
	if (!p->plan->items)
		return -ENOMEM;
	p->plan->items[p->plan->n++] = *item;
	return 0;
}

/* What edits put before option k. */
static int place_before(struct planner *p, size_t k)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < p->n_edits; i++) {
		const struct vm_edit *e = &p->edits[i];

		if (e->op == EDIT_ADD && e->option == k)
			ret = add_item(p, &(struct plan_item){.added = e, .option = k});
		else if (e->op == EDIT_MOVE && e->before == k && p->moves[e->option] == e &&
			 !p->is_removed[e->option])
			ret = add_item(p, &(struct plan_item){.option = e->option,
							      .is_moved = true,
							      .rope = p->ropes[e->option]});
	}
	return ret;
}

static int order(struct planner *p)
{
	int ret = 0;

	for (size_t k = 0; !ret && k <= p->vm->n_options; k++) {
		ret = place_before(p, k);
		if (ret || k == p->vm->n_options || !is_written(&p->vm->options[k]))
			continue;
		ret = add_item(p, &(struct plan_item){.option = k,
						      .is_gone = p->is_removed[k] || p->moves[k],
						      .rope = p->ropes[k]});
	}
	return ret;
}

int plan_make(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits, size_t n,
	      struct arena *arena, struct plan *plan)
{
	struct planner p = {
		.ctx = ctx, .vm = vm, .edits = edits, .n_edits = n, .arena = arena, .plan = plan};
	int ret = 0;

	*plan = (struct plan){0};
	p.is_removed = arena_array(arena, vm->n_options + 1, sizeof(*p.is_removed));
	p.moves = arena_array(arena, vm->n_options + 1, sizeof(const struct vm_edit *));
	p.ropes = arena_array(arena, vm->n_options + 1, sizeof(struct rope *));
	if (!p.is_removed || !p.moves || !p.ropes)
		return -ENOMEM;
	for (size_t i = 0; !ret && i < n; i++) {
		ret = check_edit(&p, &edits[i]);
		if (ret)
			break;
		if (edits[i].op == EDIT_SET || edits[i].op == EDIT_UNSET)
			ret = edit_argument(&p, &edits[i]);
		else if (edits[i].op == EDIT_REMOVE)
			p.is_removed[edits[i].option] = true;
		else if (edits[i].op == EDIT_MOVE)
			p.moves[edits[i].option] = &edits[i];
	}
	return ret ? ret : order(&p);
}

/* ---- words ---- */

static int rope_word(struct arena *arena, const struct rope *rope, struct word *out)
{
	if (word_plain(arena, rope->text, out))
		return -ENOMEM;
	if (memchr(rope->marks, 'v', rope->n))
		out->marks = rope->marks;
	return 0;
}

static int copy_word(struct arena *arena, const struct word *word, struct word *out)
{
	if (word_plain(arena, word->text, out))
		return -ENOMEM;
	if (word->marks) {
		out->marks = arena_strndup(arena, word->marks, word->length);
		return out->marks ? 0 : -ENOMEM;
	}
	return 0;
}

static int added_words(struct arena *arena, const struct vm_edit *edit, struct word *out, size_t *n)
{
	const char *name = arena_printf(arena, "-%s", edit->name);

	if (!name || word_plain(arena, name, &out[(*n)++]))
		return -ENOMEM;
	return edit->value ? word_plain(arena, edit->value, &out[(*n)++]) : 0;
}

static int item_words(const struct iof_vm *vm, struct arena *arena, const struct plan_item *item,
		      struct word *out, size_t *n)
{
	const struct vm_option *option;
	int ret = 0, last;

	if (item->added)
		return added_words(arena, item->added, out, n);
	if (item->is_gone)
		return 0;
	option = &vm->options[item->option];
	last = option->at.arg + (*option->name && option->text ? 1 : 0);
	for (int i = option->at.arg; !ret && i <= last; i++) {
		if (i == last && item->rope)
			ret = rope_word(arena, item->rope, &out[(*n)++]);
		else
			ret = copy_word(arena, &vm->words[i], &out[(*n)++]);
	}
	return ret;
}

int plan_words(const struct iof_vm *vm, const struct plan *plan, struct arena *arena,
	       struct word **words, size_t *n_words)
{
	struct word *out = arena_array(arena, 2 * plan->n + 1, sizeof(*out));
	size_t n = 1;
	int ret = out ? copy_word(arena, &vm->words[0], &out[0]) : -ENOMEM;

	for (size_t i = 0; !ret && i < plan->n; i++)
		ret = item_words(vm, arena, &plan->items[i], out, &n);
	*words = out;
	*n_words = n;
	return ret;
}

int edit_words(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits, size_t n,
	       struct arena *arena, struct word **words, size_t *n_words)
{
	struct plan plan;
	int ret = plan_make(ctx, vm, edits, n, arena, &plan);

	return ret ? ret : plan_words(vm, &plan, arena, words, n_words);
}

int config_files_copy(struct arena *arena, const struct config_file *from, struct config_file **to)
{
	for (; from; from = from->next) {
		struct config_file *copy = arena_alloc(arena, sizeof(*copy));

		if (!copy)
			return -ENOMEM;
		*copy = *from;
		copy->path = arena_strdup(arena, from->path);
		copy->bytes = arena_strndup(arena, from->bytes, from->length);
		copy->next = *to;
		*to = copy;
		if (!copy->path || !copy->bytes)
			return -ENOMEM;
	}
	return 0;
}

/* Through the text: what the language cannot say must not count as a fix. */
static int edit_config(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits,
		       size_t n, struct iof_vm **out)
{
	struct arena *arena = arena_new(4096);
	const char *const *argv;
	const char *text;
	size_t length;
	int ret = arena ? vm_edit_text(ctx, vm, edits, n, arena, &text, &length, &argv) : -ENOMEM;

	if (!ret)
		ret = vm_load_edited(ctx, vm, text, length, out);
	arena_free(arena);
	return ret;
}

static int edit_argv(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits,
		     size_t n, struct iof_vm **out)
{
	struct iof_vm *edited = vm_new(vm->name);
	int ret = edited ? 0 : -ENOMEM;

	if (!ret)
		ret = config_files_copy(edited->arena, vm->files, &edited->files);
	if (!ret)
		ret = edit_words(ctx, vm, edits, n, edited->arena, &edited->words, &edited->n_args);
	if (!ret)
		ret = vm_parse(ctx, edited, NULL, NULL);
	if (ret)
		iof_vm_unref(edited);
	else
		*out = edited;
	return ret;
}

int vm_edit_structure(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits,
		      size_t n, struct iof_vm **out)
{
	int ret;

	*out = NULL;
	ret = vm->config ? edit_config(ctx, vm, edits, n, out) : edit_argv(ctx, vm, edits, n, out);
	return ret == -ENOMEM ? ctx_fail(ctx, ret, "out of memory") : ret;
}
