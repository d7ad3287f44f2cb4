/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/utf8.h"

#include "base/strings.h"

struct span {
	uint32_t first;
	uint32_t last;
};

/* C0, DEL and C1; line and paragraph separators; marks that reverse the direction of text (Unicode
 * TR 9). */
static const struct span controls[] = {
	{0x00, 0x1f},	  {0x7f, 0x9f},	    {0x061c, 0x061c}, {0x200e, 0x200f},
	{0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff},
};

/* Unicode: general categories Mn, Me and Cf as far as they are common. */
static const struct span zero_width[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x064b, 0x065f}, {0x1ab0, 0x1aff},
	{0x1dc0, 0x1dff}, {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

/* Unicode TR 11: East Asian wide and fullwidth, by block. */
static const struct span wide[] = {
	{0x1100, 0x115f},   {0x2e80, 0x303e},	{0x3041, 0xa4cf},   {0xa960, 0xa97f},
	{0xac00, 0xd7a3},   {0xf900, 0xfaff},	{0xfe30, 0xfe6f},   {0xff01, 0xff60},
	{0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
	{0x20000, 0x3fffd},
};

static bool in_spans(const struct span *spans, size_t n, uint32_t character)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (character >= spans[i].first && character <= spans[i].last)
			return true;
	}
	return false;
}

/* The length that a first byte announces, the bits that it holds, and the smallest character of
 * that length. */
static const struct lead {
	unsigned char mask;
	unsigned char bits;
	unsigned char length;
	uint32_t least;
} leads[] = {
	{0x80, 0x00, 1, 0},
	{0xe0, 0xc0, 2, 0x80},
	{0xf0, 0xe0, 3, 0x800},
	{0xf8, 0xf0, 4, 0x10000},
};

static const struct lead *lead_of(unsigned char byte)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(leads); i++) {
		if ((byte & leads[i].mask) == leads[i].bits)
			return &leads[i];
	}
	return NULL;
}

size_t utf8_decode(const char *text, size_t length, uint32_t *character)
{
	const struct lead *lead = length ? lead_of((unsigned char)text[0]) : NULL;
	uint32_t value;
	size_t i;

	if (!lead || lead->length > length)
		return 0;
	value = (unsigned char)text[0] & (unsigned char)~lead->mask;
	for (i = 1; i < lead->length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (byte & 0x3f);
	}
	if (value < lead->least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return lead->length;
}

size_t utf8_encode(uint32_t c, char out[UTF8_MAX])
{
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = length - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(leads[length - 1].bits | c);
	return length;
}

bool utf8_is_control(uint32_t character)
{
	return in_spans(controls, ARRAY_SIZE(controls), character);
}

unsigned utf8_columns(uint32_t character)
{
	if (character < 0x300)
		return 1;
	if (in_spans(zero_width, ARRAY_SIZE(zero_width), character))
		return 0;
	return in_spans(wide, ARRAY_SIZE(wide), character) ? 2 : 1;
}
