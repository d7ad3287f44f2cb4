/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vmm/message.h"

#include <inttypes.h>

static void put_operand(struct buf *out, const struct operand *operand)
{
	switch (operand->kind) {
	case OPERAND_NUMBER:
		buf_printf(out, "%" PRIu64, operand->number);
		break;
	case OPERAND_HEX:
		buf_printf(out, "0x%" PRIx64, operand->number);
		break;
	case OPERAND_TEXT:
		buf_puts(out, operand->text ? operand->text : "?");
		break;
	case OPERAND_NONE:
		break;
	}
}

const char *message_render(struct arena *arena, const char *text,
			   const struct operand operand[MESSAGE_OPERANDS])
{
	struct buf out = {0};
	const char *result;

	for (; *text; text++) {
		if (text[0] == '{' && text[1] >= '0' && text[1] < '0' + MESSAGE_OPERANDS &&
		    text[2] == '}') {
			put_operand(&out, &operand[text[1] - '0']);
			text += 2;
		} else {
			buf_putc(&out, *text);
		}
	}
	result = out.err ? NULL : arena_strndup(arena, out.data ? out.data : "", out.length);
	buf_free(&out);
	return result;
}
