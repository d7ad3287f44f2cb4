/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading property values as QEMU does: -device key=value through the keyval visitor, JSON through
 * the plain one (qapi/qobject-input-visitor.c, util/cutils.c qemu_strtou64, qapi/qapi-util.c
 * qapi_bool_parse).
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "vmm/drivers.h"

static const char *const on_words[] = {"on", "yes", "true", "y"};
static const char *const off_words[] = {"off", "no", "false", "n"};

static bool refuse(struct message *problem, const char *text, const char *name, const char *value)
{
	*problem = (struct message){.text = text,
				    .operand = {text_operand(name), text_operand(value)}};
	return false;
}

static bool is_one_of(const char *value, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(value, words[i]))
			return true;
	}
	return false;
}

bool value_is_on(const char *value)
{
	return value && is_one_of(value, on_words, ARRAY_SIZE(on_words));
}

bool value_is_off(const char *value)
{
	return value && is_one_of(value, off_words, ARRAY_SIZE(off_words));
}

static bool parse_bool(const struct property_def *property, const struct pair *pair, int64_t *out,
		       struct message *problem)
{
	if (pair->json_type && pair->json_type != 'b')
		return refuse(problem, "Invalid parameter type for '{0}', expected: boolean",
			      property->name, NULL);
	if (value_is_on(pair->value))
		*out = ON;
	else if (value_is_off(pair->value))
		*out = OFF;
	else
		return refuse(problem, "Parameter '{0}' expects 'on' or 'off'", property->name,
			      NULL);
	return true;
}

static bool parse_enum(const struct property_def *property, const struct pair *pair,
		       const char *const *names, int64_t *out, struct message *problem)
{
	if (pair->json_type && pair->json_type != 's')
		return refuse(problem, "Invalid parameter type for '{0}', expected: string",
			      property->name, NULL);
	for (int i = 0; names[i]; i++) {
		if (str_eq(pair->value, names[i])) {
			*out = i;
			return true;
		}
	}
	return refuse(problem, "Parameter '{0}' does not accept value '{1}'", property->name,
		      pair->value);
}

static bool is_oas(uint64_t bits)
{
	static const unsigned char sizes[] = {32, 36, 40, 42, 44, 48, 52, 56};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] == bits)
			return true;
	}
	return false;
}

static bool is_ssidsize(uint64_t bits)
{
	return bits <= 20;
}

/* qapi/misc-arm.json OasMode, SsidSizeMode: enumerations whose names are numbers, so "044" is none
 * of them, and JSON has to quote them. */
static bool parse_bits(const struct property_def *property, const struct pair *pair,
		       bool (*is_size)(uint64_t), int64_t *out, struct message *problem)
{
	bool is_auto = str_eq(pair->value, "auto");
	uint64_t bits = 0;

	if (pair->json_type && pair->json_type != 's')
		return refuse(problem, "Invalid parameter type for '{0}', expected: string",
			      property->name, NULL);
	if (!is_auto && (parse_u64(pair->value, 10, UINT8_MAX, &bits) || !is_size(bits) ||
			 (pair->value[0] == '0' && pair->value[1])))
		return refuse(problem, "Parameter '{0}' does not accept value '{1}'",
			      property->name, pair->value);
	*out = !is_auto ? (int64_t)bits : property->type == VALUE_OAS ? OAS_AUTO : SSIDSIZE_AUTO;
	return true;
}

/* strtoull() with base 0, white space and a sign, as QEMU takes it: -1 is 2^64-1. */
static bool parse_qemu_integer(const char *text, bool is_signed, uint64_t *out)
{
	char *end;

	if (!*text)
		return false;
	errno = 0;
	*out = is_signed ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
	return errno == 0 && end != text && *end == '\0';
}

static bool parse_integer(const struct property_def *property, const struct pair *pair,
			  int64_t *out, struct message *problem)
{
	static const struct {
		enum value_type type;
		uint64_t max;
		const char *name;
	} limits[] = {
		{VALUE_U8, UINT8_MAX, "uint8_t"},    {VALUE_U16, UINT16_MAX, "uint16_t"},
		{VALUE_U32, UINT32_MAX, "uint32_t"}, {VALUE_U64, UINT64_MAX, "uint64_t"},
		{VALUE_I32, INT32_MAX, "int32_t"},
	};
	bool is_signed = property->type == VALUE_I32;
	uint64_t value;

	if ((pair->json_type && pair->json_type != 'n') ||
	    !parse_qemu_integer(pair->value, is_signed, &value))
		return refuse(problem,
			      !pair->json_type ? "Parameter '{0}' expects integer"
			      : is_signed ? "Invalid parameter type for '{0}', expected: integer"
					  : "Parameter '{0}' expects uint64",
			      property->name, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		bool fits = value <= limits[i].max ||
			    (property->type == VALUE_I32 && (int64_t)value < 0 &&
			     (int64_t)value >= INT32_MIN);

		if (limits[i].type == property->type && !fits)
			return refuse(problem, "Parameter '{0}' expects {1}", property->name,
				      limits[i].name);
	}
	*out = (int64_t)value;
	return true;
}

static bool parse_host(const struct driver_def *driver, const struct property_def *property,
		       const struct pair *pair, int64_t *out, struct message *problem)
{
	struct pci_address address;

	if (pair->json_type && pair->json_type != 's')
		return refuse(problem, "Invalid parameter type for '{0}', expected: string",
			      property->name, NULL);
	if (parse_bdf(pair->value, &address) || address.domain > 0xffff) {
		*problem = (struct message){.text = "Property '{0}.{1}' doesn't take value '{2}'",
					    .operand = {text_operand(driver->name),
							text_operand(property->name),
							text_operand(pair->value)}};
		return false;
	}
	*out = (int64_t)((uint64_t)address.domain << 16 | (uint64_t)address.bus << 8 |
			 (uint64_t)address.device << 3 | address.function);
	return true;
}

/* hw/core/qdev-properties-system.c set_pci_devfn: hexadecimal slot or slot.function. */
static bool parse_addr(const struct driver_def *driver, const struct property_def *property,
		       const struct pair *pair, int64_t *out, struct message *problem)
{
	char *end;
	unsigned long slot = strtoul(pair->value, &end, 16);
	unsigned long function = 0;
	bool good = isxdigit((unsigned char)pair->value[0]) && slot < 32;
	uint64_t devfn;

	/* a JSON number is device and function in one */
	if (pair->json_type == 'n' && parse_u64(pair->value, 10, 255, &devfn) == 0) {
		*out = (int64_t)devfn;
		return true;
	}
	if (good && *end == '.')
		function = strtoul(end + 1, &end, 16);
	if (!good || *end || function > 7) {
		*problem = (struct message){.text = "Property '{0}.{1}' doesn't take value '{2}'",
					    .operand = {text_operand(driver->name),
							text_operand(property->name),
							text_operand(pair->value)}};
		return false;
	}
	*out = (int64_t)(slot << 3 | function);
	return true;
}

bool value_parse(const struct driver_def *driver, const struct property_def *property,
		 const struct pair *pair, int64_t *out, struct message *problem)
{
	static const char *const on_off_auto[] = {"off", "on", "auto", NULL};

	*out = 0;
	switch (property->type) {
	case VALUE_BOOL:
		return parse_bool(property, pair, out, problem);
	case VALUE_ON_OFF_AUTO:
		return parse_enum(property, pair, on_off_auto, out, problem);
	case VALUE_GRANULE:
		return parse_enum(property, pair, granule_names, out, problem);
	case VALUE_OAS:
		return parse_bits(property, pair, is_oas, out, problem);
	case VALUE_SSIDSIZE:
		return parse_bits(property, pair, is_ssidsize, out, problem);
	case VALUE_U8:
	case VALUE_U16:
	case VALUE_U32:
	case VALUE_U64:
	case VALUE_I32:
		return parse_integer(property, pair, out, problem);
	case VALUE_HOST:
		return parse_host(driver, property, pair, out, problem);
	case VALUE_ADDR:
		return parse_addr(driver, property, pair, out, problem);
	case VALUE_LINK:
	case VALUE_STRING:
		if (pair->json_type && pair->json_type != 's')
			return refuse(problem, "Invalid parameter type for '{0}', expected: string",
				      property->name, NULL);
		break;
	case VALUE_ANY:
		break;
	}
	return true;
}

const char *value_text(struct arena *arena, const struct property_def *property, int64_t value)
{
	static const char *const words[] = {"off", "on", "auto"};

	switch (property->type) {
	case VALUE_BOOL:
	case VALUE_ON_OFF_AUTO:
		return words[value >= 0 && value <= 2 ? value : 0];
	case VALUE_GRANULE:
		return granule_names[value >= 0 && value <= GRANULE_HOST ? value : 0];
	case VALUE_LINK:
		return NULL; /* to nothing */
	case VALUE_OAS:
		return value == OAS_AUTO ? "auto" : arena_printf(arena, "%" PRId64, value);
	case VALUE_SSIDSIZE:
		return value == SSIDSIZE_AUTO ? "auto" : arena_printf(arena, "%" PRId64, value);
	default:
		return arena_printf(arena, "%" PRId64, value);
	}
}
