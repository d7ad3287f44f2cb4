/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * message.h - a text with operands, rendered only when somebody asks for it. Texts are tables,
 * operands are data: so a check costs no formatting, and a finding can show the numbers that it was
 * made from.
 */
#ifndef VMM_MESSAGE_H
#define VMM_MESSAGE_H

#include "base/arena.h"
#include "base/strings.h"

enum operand_kind { OPERAND_NONE = 0, OPERAND_NUMBER, OPERAND_HEX, OPERAND_TEXT };

struct operand {
	enum operand_kind kind;
	uint64_t number;
	const char *text;
};

#define MESSAGE_OPERANDS 6
/* Placeholders of the text are {0} to {5}. */
struct message {
	const char *text; /* NULL: none */
	struct operand operand[MESSAGE_OPERANDS];
};

static inline struct operand number_operand(uint64_t n)
{
	return (struct operand){.kind = OPERAND_NUMBER, .number = n};
}

static inline struct operand hex_operand(uint64_t n)
{
	return (struct operand){.kind = OPERAND_HEX, .number = n};
}

static inline struct operand text_operand(const char *text)
{
	return (struct operand){.kind = OPERAND_TEXT, .text = text};
}

#define MESSAGE1(t, a) ((struct message){.text = (t), .operand = {text_operand(a)}})
#define MESSAGE2(t, a, b)                                                                          \
	((struct message){.text = (t), .operand = {text_operand(a), text_operand(b)}})

/* The finished text, in the arena; NULL when out of memory. text may hold several lines. */
const char *message_render(struct arena *, const char *text,
			   const struct operand operand[MESSAGE_OPERANDS]);

#endif
