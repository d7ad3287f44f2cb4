// SPDX-License-Identifier: LGPL-2.1-or-later
/* Random command lines in random shell styles, random edits: the edited text says what the edited
 * structure says, and all that was not edited keeps its bytes. */
#include <stdlib.h>

#include "vm_tests.h"

#define ROUNDS 10000
#define MAX_EDITS 4

static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

#define ONE_OF(list) (list)[pick(ARRAY_SIZE(list))]

static const char *const keys[] = {"aw-bits", "id",	"host", "caching-mode", "size",
				   "type",    "driver", "x",	"model",	"value"};
static const char *const values[] = {"39",    "on",  "off", "a,b",	    "it's", "a b", "$x",
				     "\"q\"", "a=b", "",    "0000:01:00.0", "\\",   "{",   "#"};
static const char *const gaps[] = {" ",	      "  ", " \\\n  ",	" \\\n\t", "\t",
				   " \\\r\n", "\n", "\n# c'\n", " 2>err ", "\\\n "};

/* ---- a random text ---- */

static void append_json(struct buf *out)
{
	buf_puts(out, "{\"driver\":\"x\"");
	for (unsigned i = pick(4); i > 0; i--)
		buf_printf(out, "%s\"k%u\":%s", pick(2) ? "," : ", ", i,
			   pick(2) ? "1" : (pick(2) ? "true" : "\"a' $b\""));
	buf_putc(out, '}');
}

static void append_argument(struct buf *out, const char *first)
{
	buf_puts(out, first);
	for (unsigned i = pick(4); i > 0; i--) {
		buf_printf(out, ",%s", ONE_OF(keys));
		if (pick(5))
			buf_printf(out, "=%s", pick(3) ? ONE_OF(values) : "1");
	}
	if (!pick(10))
		buf_putc(out, ',');
}

/* The same argument in one of the ways in which a shell lets it be written. */
static void append_quoted(struct buf *out, const char *text)
{
	unsigned style = pick(5);
	size_t half = pick((unsigned)strlen(text) + 1);

	switch (style) {
	case 0:
		buf_putc(out, '\'');
		quote_append(out, text, strlen(text), QUOTE_SINGLE);
		buf_putc(out, '\'');
		break;
	case 1:
		buf_putc(out, '"');
		quote_append(out, text, strlen(text), QUOTE_DOUBLE);
		buf_putc(out, '"');
		break;
	case 2:
		buf_putc(out, '"');
		quote_append(out, text, half, QUOTE_DOUBLE);
		buf_puts(out, pick(2) ? "\"$'" : "\"\\\n$'");
		quote_append(out, text + half, strlen(text + half), QUOTE_ANSI);
		buf_putc(out, '\'');
		break;
	case 3:
		for (const char *c = text; *c; c++)
			buf_printf(out, "\\%c", *c);
		if (!*text)
			buf_puts(out, "''");
		break;
	default:
		if (*text == '{') {
			buf_puts(out, text);
			break;
		}
		if (!*text)
			buf_puts(out, "''");
		else
			quote_append(out, text, strlen(text), QUOTE_NONE);
	}
	if (style != 4 && !pick(8))
		buf_puts(out, pick(2) ? "$VAR" : "\"${A,b}\"");
}

static void append_option(struct buf *out)
{
	static const struct {
		const char *name;
		const char *first;
	} options[] = {
		{"-device", "vfio-pci"}, {"-M", "q35"},	       {"-cpu", "host"},    {"-m", "1G"},
		{"--object", "y"},	 {"-global", "a.b=c"}, {"-drive", "if=x"},  {"-bios", "f"},
		{"-unknown", "z"},	 {"-device", ""},      {"-fw_cfg", "name"}, {"-smp", "4"}};
	struct buf argument = {0};
	unsigned i = pick(ARRAY_SIZE(options) + 4);

	if (i >= ARRAY_SIZE(options)) {
		static const char *const others[] = {"-S", "-nodefaults", "-enable-kvm", "disk.img",
						     "-set device.d.x=1"};

		buf_puts(out, ONE_OF(others));
		return;
	}
	if (str_eq(options[i].name, "-device") && pick(2))
		append_json(&argument);
	else
		append_argument(&argument, options[i].first);
	buf_printf(out, "%s ", options[i].name);
	append_quoted(out, argument.data ? argument.data : "");
	buf_free(&argument);
}

static void append_gap(struct buf *out, char before_option)
{
	const char *gap = ONE_OF(gaps);

	buf_puts(out, before_option ? gap : " ");
}

static void random_text(struct buf *out)
{
	if (pick(2))
		buf_puts(out, "# it's a script\nset -e\n");
	buf_puts(out, "sudo qemu-system-x86_64 -M q35");
	for (unsigned i = pick(8); i > 0; i--) {
		struct buf option = {0};

		append_option(&option);
		append_gap(out, *option.data == '-');
		buf_append(out, option.data, option.length);
		buf_free(&option);
	}
	buf_puts(out, pick(2) ? " # end\n" : (pick(2) ? "\n\necho 'done'\n" : ""));
}

/* ---- random edits, and which options of the VM are to stand where ---- */

static struct vm_edit random_edit(size_t n)
{
	static const char *const names[] = {"device", "object", "m", "S"};
	struct vm_edit edit = {
		.op = (enum edit_op)pick(5), .option = pick((unsigned)n), .key = ONE_OF(keys)};

	if (edit.op == EDIT_SET && !pick(10))
		edit.key = NULL;
	if (edit.op == EDIT_ADD) {
		edit.option = pick((unsigned)n + 1);
		edit.name = ONE_OF(names);
	}
	edit.value = str_eq(edit.name ? edit.name : "", "S") ? NULL : ONE_OF(values);
	edit.before = pick((unsigned)n + 1);
	return edit;
}

static bool is_touched(const struct vm_edit *edits, size_t n, size_t option)
{
	for (size_t i = 0; i < n; i++) {
		if (edits[i].op != EDIT_ADD && edits[i].option == option)
			return true;
	}
	return false;
}

/* Options that no edit names stand in the new text with the bytes that they had, in their order. */
static bool keeps_bytes(const struct iof_vm *vm, const struct vm_edit *edits, size_t n,
			const char *text, size_t length)
{
	const char *from = text;

	for (size_t i = 0; i < vm->n_options; i++) {
		const struct vm_option *option = &vm->options[i];

		if (is_touched(edits, n, i) || option->kind == OPTION_SET)
			continue;
		from = memmem(from, length - (size_t)(from - text), vm->source + option->at.offset,
			      option->at.length);
		if (!from)
			return false;
		from += option->at.length;
	}
	return true;
}

static bool keeps_ends(const struct iof_vm *vm, const char *text, size_t length)
{
	const struct place *last = &vm->arg_places[vm->n_args - 1];
	size_t head = vm->arg_places[0].offset + vm->arg_places[0].length;
	size_t tail = vm->source_length - last->offset - last->length;

	return length >= head + tail && memcmp(text, vm->source, head) == 0 &&
	       memcmp(text + length - tail, vm->source + vm->source_length - tail, tail) == 0;
}

static bool is_same(const struct iof_vm *edited, const char *text, size_t length)
{
	struct iof_vm *again = must_load(text, length);
	char *a = describe(edited), *b = describe(again);
	bool same = str_eq(a, b) && str_eq(edited->args[0], again->args[0]);

	free(a);
	free(b);
	iof_vm_unref(again);
	return same;
}

/* How many rounds came to an edited text; edits that cannot be written are refused by both alike.
 */
static unsigned round_trip(struct iof_ctx *ctx, struct arena *arena)
{
	struct vm_edit edits[MAX_EDITS];
	struct buf source = {0};
	const char *text;
	const char *const *argv;
	size_t n = 1 + pick(MAX_EDITS), length;
	struct iof_vm *vm, *edited;
	int ret, text_ret;

	random_text(&source);
	vm = must_load(source.data, source.length);
	for (size_t i = 0; i < n; i++)
		edits[i] = random_edit(vm->n_options);
	arena_reset(arena);
	ret = vm_edit_structure(ctx, vm, edits, n, &edited);
	text_ret = vm_edit_text(ctx, vm, edits, n, arena, &text, &length, &argv);
	if (ret != text_ret)
		fail_msg("structure %d, text %d: %s\n%s", ret, text_ret, iof_ctx_error(ctx),
			 source.data);
	if (!ret && (!is_same(edited, text, length) || !keeps_bytes(vm, edits, n, text, length) ||
		     !keeps_ends(vm, text, length)))
		fail_msg("%s\nbecame\n%s", source.data, text);
	iof_vm_unref(edited);
	iof_vm_unref(vm);
	buf_free(&source);
	return !ret;
}

static void test_round_trips(void **state)
{
	struct arena *arena = arena_new(16384);
	struct iof_ctx *ctx;
	unsigned edited = 0;

	(void)state;
	seed = 88172645463325252u;
	assert_int_equal(iof_ctx_new(&ctx), 0);
	for (unsigned i = 0; i < ROUNDS; i++)
		edited += round_trip(ctx, arena);
	assert_true(edited > ROUNDS / 2);
	iof_ctx_unref(ctx);
	arena_free(arena);
}

int test_random(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
	};

	return cmocka_run_group_tests_name("vm random", tests, NULL, NULL);
}
