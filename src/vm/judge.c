// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * judge.c - what QEMU itself says of an argument when it reads it, before anything is made of it.
 * Behaviour and texts: util/qemu-option.c, util/id.c and util/cutils.c of 7.2 to 10.0; compared
 * with 7.2.22.
 */
#include <errno.h>
#include <stdlib.h>

#include "vm/parser.h"

int option_fail(struct vm_option *option, const char *text)
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
struct vm_option *parser_find_id(struct iof_vm *vm, const struct option_info *info, const char *id,
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
		return option_fail(option,
				   option->at.file ? "Parameter 'id' expects an identifier" : hint);
	if (parser_find_id(p->vm, info, id->value, option))
		return option_fail(option, arena_printf(p->vm->arena, "Duplicate ID '%s' for %s",
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

static bool number_overflows(const char *text)
{
	errno = 0;
	strtoull(text, NULL, 0);
	return errno == ERANGE;
}

/* Of a text that is a size. A fraction adds less than one unit and cannot matter. */
static bool size_overflows(const char *text)
{
	static const char suffixes[] = "bkmgtpe";
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	uint64_t value, unit = 1;
	const char *suffix;
	char *end;

	errno = 0;
	value = strtoull(text, &end, is_hex ? 16 : 10);
	if (errno == ERANGE)
		return true;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	suffix = *end ? strchr(suffixes, *end | 0x20) : NULL;
	if (suffix)
		unit <<= 10 * (suffix - suffixes);
	return __builtin_mul_overflow(value, unit, &value);
}

static const char *number_error(struct arena *arena, const struct pair *pair)
{
	if (!is_number(pair->value))
		return arena_printf(arena, "Parameter '%s' expects a number", pair->key);
	return arena_printf(arena, "Value '%s' is too large for parameter '%s'", pair->value,
			    pair->key);
}

static const char *size_error(struct arena *arena, const struct pair *pair, bool has_hint)
{
	static const char hint[] =
		"\nOptional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
		"and exabytes, respectively.";

	if (is_size(pair->value))
		return arena_printf(arena, "Value '%s' is out of range for parameter '%s'",
				    pair->value, pair->key);
	return arena_printf(arena, "Parameter '%s' expects a non-negative number below 2^64%s",
			    pair->key, has_hint ? hint : "");
}

static int judge_value(struct parser *p, enum value_type type, struct vm_option *option,
		       const struct pair *pair)
{
	if (type == VALUE_NUMBER && (!is_number(pair->value) || number_overflows(pair->value)))
		return option_fail(option, number_error(p->vm->arena, pair));
	if (type == VALUE_SIZE && *pair->value &&
	    (!is_size(pair->value) || size_overflows(pair->value)))
		return option_fail(option, size_error(p->vm->arena, pair, !option->at.file));
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
	return option_fail(option, arena_printf(p->vm->arena, "Invalid parameter '%s'", pair->key));
}

static int judge_pairs(struct parser *p, const struct option_info *info, struct vm_option *option)
{
	struct buf warnings = {0};
	int ret = 0;

	for (size_t i = 0; !ret && i < option->n_pairs && !option->error; i++) {
		warn_flag(&warnings, &option->pairs[i]);
		ret = judge_key(p, info, option, &option->pairs[i]);
	}
	if (!ret)
		ret = warnings.err;
	if (!ret && warnings.length) {
		option->warnings = arena_strdup(p->vm->arena, warnings.data);
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
			       ? option_fail(option, "Parameter 'qom-type' is missing")
			       : 0;
	if (info->syntax == SYNTAX_OPTS)
		ret = judge_id(p, info, option);
	if (!ret && !option->error && info->syntax != SYNTAX_KEYVAL)
		ret = judge_pairs(p, info, option);
	if (ret || option->error || option->has_variable)
		return ret;
	if (option->kind == OPTION_OBJECT && !option_pair(option, "qom-type"))
		return option_fail(option, "Parameter 'qom-type' is missing");
	if (option->kind == OPTION_GLOBAL && !option->at.file &&
	    (!option_pair(option, "driver") || !option_pair(option, "property") ||
	     !option_pair(option, "value")))
		return option_fail(option,
				   "options 'driver', 'property', and 'value' are required");
	return 0;
}
