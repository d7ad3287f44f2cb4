/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* output.h - output of the library into a buffer: struct iof_output's write, data is the buffer. */
#ifndef FUZZ_OUTPUT_H
#define FUZZ_OUTPUT_H

#include "base/strings.h"

static int append(void *data, const char *bytes, size_t length)
{
	struct buf *text = data;

	buf_append(text, bytes, length);
	return text->err;
}

#endif
