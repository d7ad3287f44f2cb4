// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * inflate.c - decompresses /proc/config.gz (RFC 1951 and 1952), because the library links no
 * compression library. The checksum is not looked at: a damaged stream of this kind shows itself as
 * text that is no configuration.
 */
#include "host/loader.h"

#include <errno.h>

#define MAX_BITS 15
#define MAX_LITERALS 288
#define MAX_DISTANCES 30

struct stream {
	const uint8_t *in;
	size_t length;
	size_t at;
	uint32_t bits;
	unsigned n_bits;
	char *out;
	size_t out_length;
	size_t out_max;
	bool failed;
};

/* Canonical Huffman code: how many codes of each length, and the symbols in order of their codes.
 */
struct code {
	uint16_t count[MAX_BITS + 1];
	uint16_t symbol[MAX_LITERALS];
};

static uint32_t take_bits(struct stream *s, unsigned n)
{
	uint32_t value;

	while (s->n_bits < n) {
		if (s->at >= s->length) {
			s->failed = true;
			return 0;
		}
		s->bits |= (uint32_t)s->in[s->at++] << s->n_bits;
		s->n_bits += 8;
	}
	value = s->bits & ((UINT32_C(1) << n) - 1);
	s->bits >>= n;
	s->n_bits -= n;
	return value;
}

static void put_byte(struct stream *s, char byte)
{
	if (s->out_length >= s->out_max)
		s->failed = true;
	else
		s->out[s->out_length++] = byte;
}

/* false: more codes of a length than fit. */
static bool build_code(struct code *code, const uint8_t *lengths, unsigned n)
{
	uint16_t offset[MAX_BITS + 1];
	int left = 1;

	memset(code, 0, sizeof(*code));
	for (unsigned i = 0; i < n; i++)
		code->count[lengths[i]]++;
	code->count[0] = 0;
	offset[0] = 0;
	offset[1] = 0;
	for (unsigned i = 1; i <= MAX_BITS; i++) {
		left = (left << 1) - code->count[i];
		if (left < 0)
			return false;
		if (i < MAX_BITS)
			offset[i + 1] = (uint16_t)(offset[i] + code->count[i]);
	}
	for (unsigned i = 0; i < n; i++)
		if (lengths[i])
			code->symbol[offset[lengths[i]]++] = (uint16_t)i;
	return true;
}

static unsigned decode(struct stream *s, const struct code *code)
{
	unsigned value = 0, first = 0, index = 0;

	for (unsigned length = 1; length <= MAX_BITS && !s->failed; length++) {
		unsigned count = code->count[length];

		value |= take_bits(s, 1);
		if (value < first + count)
			return code->symbol[index + value - first];
		index += count;
		first = (first + count) << 1;
		value <<= 1;
	}
	s->failed = true;
	return 0;
}

static const uint16_t length_base[] = {3,  4,  5,  6,	7,   8,	  9,   10,  11, 13,
				       15, 17, 19, 23,	27,  31,  35,  43,  51, 59,
				       67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
				       2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t distance_base[] = {
	1,   2,	  3,   4,   5,	 7,    9,    13,   17,	 25,   33,   49,   65,	  97,	 129,
	193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
static const uint8_t distance_extra[] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
					 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

static void copy_back(struct stream *s, unsigned symbol, const struct code *distances)
{
	size_t length, distance;
	unsigned code;

	if (symbol >= ARRAY_SIZE(length_base)) {
		s->failed = true;
		return;
	}
	length = length_base[symbol] + take_bits(s, length_extra[symbol]);
	code = decode(s, distances);
	if (s->failed || code >= ARRAY_SIZE(distance_base)) {
		s->failed = true;
		return;
	}
	distance = distance_base[code] + take_bits(s, distance_extra[code]);
	if (distance > s->out_length) {
		s->failed = true;
		return;
	}
	while (length-- && !s->failed)
		put_byte(s, s->out[s->out_length - distance]);
}

static void inflate_codes(struct stream *s, const struct code *literals,
			  const struct code *distances)
{
	while (!s->failed) {
		unsigned symbol = decode(s, literals);

		if (s->failed || symbol == 256)
			return;
		if (symbol < 256)
			put_byte(s, (char)symbol);
		else
			copy_back(s, symbol - 257, distances);
	}
}

static void inflate_fixed(struct stream *s)
{
	uint8_t lengths[MAX_LITERALS];
	struct code literals, distances;

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	build_code(&literals, lengths, MAX_LITERALS);
	memset(lengths, 5, MAX_DISTANCES);
	build_code(&distances, lengths, MAX_DISTANCES);
	inflate_codes(s, &literals, &distances);
}

/* Code lengths are themselves coded: 16 repeats the last one, 17 and 18 are runs of zeros. */
static bool read_lengths(struct stream *s, const struct code *code, uint8_t *lengths, unsigned n)
{
	for (unsigned i = 0; i < n;) {
		unsigned symbol = decode(s, code);
		unsigned repeat = 1;
		uint8_t value = 0;

		if (s->failed || symbol > 18 || (symbol == 16 && !i))
			return false;
		if (symbol < 16)
			value = (uint8_t)symbol;
		else if (symbol == 16) {
			value = lengths[i - 1];
			repeat = 3 + take_bits(s, 2);
		} else {
			repeat = symbol == 17 ? 3 + take_bits(s, 3) : 11 + take_bits(s, 7);
		}
		if (s->failed || repeat > n - i)
			return false;
		memset(lengths + i, value, repeat);
		i += repeat;
	}
	return true;
}

static void inflate_dynamic(struct stream *s)
{
	static const uint8_t order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					11, 4,	12, 3, 13, 2, 14, 1, 15};
	uint8_t lengths[MAX_LITERALS + MAX_DISTANCES + 2] = {0};
	struct code literals, distances;
	unsigned n_literals = take_bits(s, 5) + 257;
	unsigned n_distances = take_bits(s, 5) + 1;
	unsigned n_lengths = take_bits(s, 4) + 4;

	if (s->failed || n_literals > MAX_LITERALS - 2 || n_distances > MAX_DISTANCES) {
		s->failed = true;
		return;
	}
	for (unsigned i = 0; i < n_lengths; i++)
		lengths[order[i]] = (uint8_t)take_bits(s, 3);
	if (s->failed || !build_code(&literals, lengths, ARRAY_SIZE(order)) ||
	    !read_lengths(s, &literals, lengths, n_literals + n_distances) || !lengths[256] ||
	    !build_code(&distances, lengths + n_literals, n_distances) ||
	    !build_code(&literals, lengths, n_literals)) {
		s->failed = true;
		return;
	}
	inflate_codes(s, &literals, &distances);
}

static void inflate_stored(struct stream *s)
{
	size_t length;

	s->bits = 0;
	s->n_bits = 0;
	if (s->length - s->at < 4) {
		s->failed = true;
		return;
	}
	length = s->in[s->at] | (size_t)s->in[s->at + 1] << 8;
	s->at += 4;
	if (length > s->length - s->at || length > s->out_max - s->out_length) {
		s->failed = true;
		return;
	}
	memcpy(s->out + s->out_length, s->in + s->at, length);
	s->at += length;
	s->out_length += length;
}

static void inflate(struct stream *s)
{
	bool last = false;

	while (!last && !s->failed) {
		last = take_bits(s, 1);
		switch (take_bits(s, 2)) {
		case 0:
			inflate_stored(s);
			break;
		case 1:
			inflate_fixed(s);
			break;
		case 2:
			inflate_dynamic(s);
			break;
		default:
			s->failed = true;
		}
	}
}

/* Skips the header of RFC 1952; false if it is none. */
static bool skip_header(struct stream *s)
{
	enum { EXTRA = 4, NAME = 8, COMMENT = 16, CRC = 2 };
	uint8_t flags;

	if (s->length < 10 || s->in[0] != 0x1f || s->in[1] != 0x8b || s->in[2] != 8)
		return false;
	flags = s->in[3];
	s->at = 10;
	if (flags & EXTRA) {
		if (s->length - s->at < 2)
			return false;
		s->at += 2 + (s->in[s->at] | (size_t)s->in[s->at + 1] << 8);
	}
	for (unsigned bit = NAME; bit <= COMMENT; bit <<= 1) {
		if (!(flags & bit))
			continue;
		while (s->at < s->length && s->in[s->at])
			s->at++;
		s->at++;
	}
	if (flags & CRC)
		s->at += 2;
	return s->at < s->length;
}

int gunzip(struct arena *arena, const char *bytes, size_t length, size_t max, const char **out,
	   size_t *out_length)
{
	struct stream s = {.in = (const uint8_t *)bytes, .length = length};
	const uint8_t *tail;

	if (length < 18 || !skip_header(&s))
		return -EBADMSG;
	tail = s.in + length - 4;
	/* The last four bytes say how long the content is. */
	s.out_max = tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
	if (s.out_max > max)
		return -EBADMSG;
	s.out = arena_alloc(arena, s.out_max + 1);
	if (!s.out)
		return -ENOMEM;
	inflate(&s);
	if (s.failed)
		return -EBADMSG;
	*out = s.out;
	*out_length = s.out_length;
	return 0;
}
