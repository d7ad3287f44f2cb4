// SPDX-License-Identifier: LGPL-2.1-or-later
#include "xml_tests.h"

struct xml_node *must_read(struct arena *arena, const char *text, size_t length)
{
	struct xml_node *root = NULL;
	struct iof_ctx *ctx = NULL;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	if (xml_read(ctx, arena, "x", text, length, &root))
		fail_msg("%s\n%s", iof_ctx_error(ctx), text);
	iof_ctx_unref(ctx);
	return root;
}

void dump(struct buf *out, const struct xml_node *node)
{
	buf_printf(out, "%s(", node->name);
	for (size_t i = 0; i < node->n_attributes; i++)
		buf_printf(out, "%s%s=%s", i ? " " : "", node->attributes[i].name,
			   node->attributes[i].value);
	buf_puts(out, ")[");
	for (const struct xml_node *child = node->first; child; child = child->next)
		dump(out, child);
	buf_puts(out, "]'");
	for (const char *c = node->text; *c; c++) {
		if (!strchr(" \t\r\n", *c))
			buf_putc(out, *c);
	}
	buf_puts(out, "' ");
}

int main(void)
{
	return test_read() + test_edit() + test_random();
}
