// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Drawn domains with the PCI addresses that real libvirt gave (lab/libvirt/record.py): every device
 * has the same one here, and what libvirt refuses is refused in its words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iommufit/iommufit.h>

#include "base/json.h"
#include "base/strings.h"
#include "../recorded.h"
#include "vm/vm.h"

#define SHOWN 20

static unsigned total, agreed, refusals, shown;

/* ---- what iommufit says ---- */

static bool is_on_pci(const struct vm_option *o)
{
	const char *bus = option_value(o, "bus");

	return str_eq(o->name, "device") && bus && str_starts(bus, "pci");
}

static bool is_off(const char *value)
{
	return str_eq(value, "off") || str_eq(value, "false");
}

/* with_driver: else the recording does not know it. */
static char *place_of(struct arena *arena, const struct vm_option *o, bool with_driver)
{
	static const char *const details[] = {"multifunction", "chassis", "port", "chassis_nr",
					      "bus_nr"};
	const char *id = option_value(o, "id"), *addr = option_value(o, "addr");
	char *text = arena_printf(arena, "%s %s %s %s", id ? id : "-",
				  with_driver ? option_value(o, "driver") : "*",
				  option_value(o, "bus"), addr ? addr : "-");

	for (size_t i = 0; i < ARRAY_SIZE(details); i++) {
		const char *value = option_value(o, details[i]);

		if (!value)
			continue;
		if (i == 0)
			value = is_off(value) ? "false" : "true";
		text = arena_printf(arena, "%s %s=%s", text, details[i], value);
	}
	return text;
}

struct places {
	const char **list;
	size_t n;
};

static struct places said(struct arena *arena, const struct iof_vm *vm, bool with_driver)
{
	struct places places = {arena_array(arena, vm->n_options + 1, sizeof(char *)), 0};

	for (size_t i = 0; i < vm->n_options; i++) {
		if (is_on_pci(&vm->options[i]))
			places.list[places.n++] = place_of(arena, &vm->options[i], with_driver);
	}
	return places;
}

static struct places recorded(struct arena *arena, const struct json_value *line)
{
	const struct json_value *array = json_member(line, "pci");
	struct places places = {NULL, array ? array->n : 0};

	places.list = arena_array(arena, places.n + 1, sizeof(char *));
	for (size_t i = 0; i < places.n; i++)
		places.list[i] = array->items[i].text;
	return places;
}

static const char *refusal(const struct iof_vm *vm)
{
	for (size_t i = 0; i < vm->n_remarks; i++) {
		if (vm->remarks[i].kind == REMARK_REFUSED)
			return vm->remarks[i].text;
	}
	return "";
}

/* ---- comparison ---- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void show_missing(const char *sign, const struct places *from, const struct places *in)
{
	for (size_t i = 0; i < from->n; i++) {
		if (!bsearch(&from->list[i], in->list, in->n, sizeof(*in->list), compare))
			printf("  %s %s\n", sign, from->list[i]);
	}
}

static bool are_equal(const struct places *a, const struct places *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!str_eq(a->list[i], b->list[i]))
			return false;
	}
	return true;
}

static bool agrees(struct arena *arena, const struct iof_vm *vm, const struct json_value *line)
{
	const struct json_value *refused = json_member(line, "refused");
	struct places want = recorded(arena, line);
	struct places have = said(arena, vm, !want.n || !strstr(want.list[0], " * "));
	const char *own = refusal(vm);

	refusals += refused != NULL;
	if (refused && str_eq(own, refused->text))
		return true;
	qsort(want.list, want.n, sizeof(*want.list), compare);
	qsort(have.list, have.n, sizeof(*have.list), compare);
	if (!refused && !*own && are_equal(&want, &have))
		return true;
	if (shown++ >= SHOWN)
		return false;
	printf("line %u (libvirt %s) differs:\n", total, json_member(line, "libvirt")->text);
	if (refused || *own)
		printf("  - refused: %s\n  + refused: %s\n", refused ? refused->text : "", own);
	if (!refused && !*own) {
		show_missing("-", &want, &have);
		show_missing("+", &have, &want);
	}
	return false;
}

static void check_line(const char *text, size_t length)
{
	struct arena *arena = arena_new(1 << 16);
	struct iof_ctx *ctx = NULL;
	struct iof_vm_options options = {.size = sizeof(options)};
	struct json_value line;
	struct json_error error;
	const struct json_value *xml;
	struct iof_vm *vm = NULL;

	if (!arena || iof_ctx_new(&ctx) || json_parse(arena, text, length, &line, &error)) {
		fprintf(stderr, "line %u is no JSON\n", total + 1);
		exit(99);
	}
	total++;
	options.manager = arena_printf(arena, "libvirt=%s", json_member(&line, "libvirt")->text);
	xml = json_member(&line, "xml");
	if (iof_vm_load_config(ctx, IOF_LANGUAGE_LIBVIRT, xml->text, xml->n, "domain.xml", &options,
			       &vm))
		printf("line %u: %s\n", total, iof_ctx_error(ctx));
	else
		agreed += agrees(arena, vm, &line);
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
	arena_free(arena);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *text = read_recorded(argv[i]);

		for (const char *line = text; *line;) {
			size_t length = strcspn(line, "\n");

			if (length)
				check_line(line, length);
			line += length + (line[length] == '\n');
		}
		free(text);
	}
	printf("%u of %u domains agree (%u of them refused by libvirt)\n", agreed, total, refusals);
	return total && agreed == total ? 0 : 1;
}
