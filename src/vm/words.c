// SPDX-License-Identifier: LGPL-2.1-or-later
/* words.c - a shell text to words. Grammar: POSIX.1-2017 Shell Command Language 2.2, 2.3, 2.7;
 * nothing is expanded. */
#include <errno.h>
#include <stdlib.h>

#include "vm/words.h"

void scanner_init(struct scanner *s, struct iof_ctx *ctx, struct arena *arena,
		  struct arena *scratch, const char *name, const char *source, size_t length)
{
	*s = (struct scanner){.ctx = ctx,
			      .arena = arena,
			      .scratch = scratch,
			      .name = name,
			      .source = source,
			      .length = length,
			      .line = 1};
}

void scanner_free(struct scanner *s)
{
	free(s->chars);
	s->chars = NULL;
}

static void sync_line(struct scanner *s, size_t offset)
{
	if (offset < s->line_pos) {
		s->line = 1;
		s->line_start = 0;
		s->line_pos = 0;
	}
	for (; s->line_pos < offset; s->line_pos++) {
		if (s->source[s->line_pos] == '\n') {
			s->line++;
			s->line_start = s->line_pos + 1;
		}
	}
}

int scanner_fail(struct scanner *s, size_t offset, const char *reason)
{
	sync_line(s, offset);
	return ctx_fail(s->ctx, -EBADMSG, "%s:%u: %s", s->name, s->line, reason);
}

/* Character at an offset, NUL behind the end (a shell text holds none). */
static char at(const struct scanner *s, size_t offset)
{
	return offset < s->length ? s->source[offset] : '\0';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_operator(char c)
{
	return c == ';' || c == '&' || c == '|' || c == '(' || c == ')' || c == '<' || c == '>';
}

static bool ends_word(const struct scanner *s, size_t offset)
{
	char c = at(s, offset);

	return offset >= s->length || is_blank(c) || c == '\n' || is_operator(c);
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Length of a backslash with its newline at an offset, 0 if there is none. */
static size_t continuation(const struct scanner *s, size_t offset)
{
	if (at(s, offset) != '\\')
		return 0;
	if (at(s, offset + 1) == '\n')
		return 2;
	return at(s, offset + 1) == '\r' && at(s, offset + 2) == '\n' ? 3 : 0;
}

static size_t skip_continued(const struct scanner *s, size_t offset)
{
	while (continuation(s, offset))
		offset += continuation(s, offset);
	return offset;
}

static void push(struct scanner *s, char c, size_t offset, size_t length, enum quote quote,
		 bool is_variable)
{
	struct word_char *grown;
	size_t cap;

	if (s->err)
		return;
	if (s->n_chars == s->chars_cap) {
		cap = s->chars_cap ? s->chars_cap * 2 : 256;
		grown = reallocarray(s->chars, cap, sizeof(*grown));
		if (!grown) {
			s->err = -ENOMEM;
			return;
		}
		s->chars = grown;
		s->chars_cap = cap;
	}
	s->chars[s->n_chars++] = (struct word_char){.offset = (uint32_t)offset,
						    .length = (uint8_t)length,
						    .quote = (uint8_t)quote,
						    .c = c,
						    .is_variable = is_variable};
}

static void push_run(struct scanner *s, size_t from, size_t to, enum quote quote, bool is_variable)
{
	for (size_t i = from; i < to; i++)
		push(s, s->source[i], i, 1, quote, is_variable);
}

/* Offset behind the bracket that closes the one at offset, 0 if none does. Quotes hide brackets. */
static size_t closing(const struct scanner *s, size_t offset, char open, char close)
{
	size_t depth = 0;
	char quote = '\0';

	for (size_t i = offset; i < s->length; i++) {
		char c = s->source[i];

		if (c == '\\' && quote != '\'') {
			i++;
		} else if (quote) {
			quote = c == quote ? '\0' : quote;
		} else if (c == '\'' || c == '"') {
			quote = c;
		} else if (c == open) {
			depth++;
		} else if (c == close && --depth == 0) {
			return i + 1;
		}
	}
	return 0;
}

static int read_backquoted(struct scanner *s, enum quote quote)
{
	size_t end = s->pos + 1;

	while (end < s->length && s->source[end] != '`')
		end += s->source[end] == '\\' ? 2 : 1;
	if (end >= s->length)
		return scanner_fail(s, s->pos, "unbalanced backquote");
	push_run(s, s->pos, end + 1, quote, true);
	s->pos = end + 1;
	return 0;
}

/* $ and what follows, kept as it stands. */
static int read_dollar(struct scanner *s, enum quote quote)
{
	char next = at(s, s->pos + 1);
	size_t end = s->pos + 1;

	if (next == '{' || next == '(') {
		end = closing(s, s->pos + 1, next, next == '{' ? '}' : ')');
		if (!end)
			return scanner_fail(s, s->pos, "unbalanced bracket after $");
	} else if (next != '\0' && strchr("@*#?$!-", next)) {
		end = s->pos + 2;
	} else {
		while (is_name(at(s, end)))
			end++;
	}
	push_run(s, s->pos, end, quote, end > s->pos + 1);
	s->pos = end;
	return 0;
}

static int read_single(struct scanner *s)
{
	size_t open = s->pos;
	const char *end = memchr(s->source + open + 1, '\'', s->length - open - 1);

	if (!end)
		return scanner_fail(s, open, "unbalanced quote '");
	s->pos = (size_t)(end - s->source) + 1;
	push_run(s, open + 1, s->pos - 1, QUOTE_SINGLE, false);
	return 0;
}

static int read_double(struct scanner *s)
{
	size_t open = s->pos++;
	int ret = 0;

	while (!ret && at(s, s->pos) != '"') {
		char c = at(s, s->pos);
		char next = at(s, s->pos + 1);

		if (s->pos >= s->length)
			return scanner_fail(s, open, "unbalanced quote \"");
		if (continuation(s, s->pos)) {
			s->pos += continuation(s, s->pos);
		} else if (c == '\\' && next != '\0' && strchr("$`\"\\", next)) {
			push(s, next, s->pos, 2, QUOTE_DOUBLE, false);
			s->pos += 2;
		} else if (c == '$') {
			ret = read_dollar(s, QUOTE_DOUBLE);
		} else if (c == '`') {
			ret = read_backquoted(s, QUOTE_DOUBLE);
		} else {
			push(s, c, s->pos++, 1, QUOTE_DOUBLE, false);
		}
	}
	s->pos++;
	return ret;
}

/* $'...': only the escapes that people use in it; another backslash stays. */
static int read_ansi(struct scanner *s)
{
	static const char codes[] = "nt\\'\"", meanings[] = "\n\t\\'\"";
	size_t open = s->pos;

	for (s->pos += 2; at(s, s->pos) != '\'';) {
		char next = at(s, s->pos + 1);
		const char *code = next ? strchr(codes, next) : NULL;

		if (s->pos >= s->length)
			return scanner_fail(s, open, "unbalanced quote $'");
		if (at(s, s->pos) == '\\' && code) {
			push(s, meanings[code - codes], s->pos, 2, QUOTE_ANSI, false);
			s->pos += 2;
		} else {
			push(s, at(s, s->pos), s->pos, 1, QUOTE_ANSI, false);
			s->pos++;
		}
	}
	s->pos++;
	return 0;
}

/* Longer JSON without shell quotes is not recognised: it bounds the time for text that never closes
 * its brackets. */
#define MAX_RAW_JSON 16384u

/* End of JSON that stands in the text without shell quotes: {"driver":...}. 0: this is something
 * else. */
static size_t raw_json_end(const struct scanner *s, size_t offset)
{
	size_t i = offset + 1, depth = 0;
	char quote = '\0';

	while (at(s, i) == ' ')
		i++;
	if (at(s, offset) != '{' || (at(s, i) != '"' && at(s, i) != '\'' && at(s, i) != '}'))
		return 0;
	for (i = offset; i < s->length && s->source[i] != '\n' && i - offset < MAX_RAW_JSON; i++) {
		char c = s->source[i];

		if (quote && c == '\\')
			i++;
		else if (quote)
			quote = c == quote ? '\0' : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return ends_word(s, skip_continued(s, i + 1)) ? i + 1 : 0;
	}
	return 0;
}

static int read_unquoted(struct scanner *s)
{
	char c = at(s, s->pos);

	if (continuation(s, s->pos)) {
		s->pos += continuation(s, s->pos);
	} else if (c == '\\' && s->pos + 1 < s->length) {
		push(s, at(s, s->pos + 1), s->pos, 2, QUOTE_NONE, false);
		s->pos += 2;
	} else if (c == '\'') {
		return read_single(s);
	} else if (c == '"') {
		return read_double(s);
	} else if (c == '`') {
		return read_backquoted(s, QUOTE_NONE);
	} else if (c == '$' && at(s, s->pos + 1) == '\'') {
		return read_ansi(s);
	} else if (c == '$' && at(s, s->pos + 1) == '"') {
		s->pos++;
	} else if (c == '$') {
		return read_dollar(s, QUOTE_NONE);
	} else {
		push(s, c, s->pos++, 1, QUOTE_NONE, false);
	}
	return 0;
}

static int finish_word(struct scanner *s, size_t start, struct word *word)
{
	bool is_variable = false, is_plain = s->n_chars == s->pos - start;
	char *text = arena_alloc(s->arena, s->n_chars + 1);
	char *marks;

	if (!text || s->err)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_chars; i++) {
		text[i] = s->chars[i].c;
		is_variable |= s->chars[i].is_variable;
	}
	sync_line(s, start);
	*word = (struct word){.text = text,
			      .length = s->n_chars,
			      .offset = start,
			      .raw_length = s->pos - start,
			      .line = s->line,
			      .column = (unsigned)(start - s->line_start) + 1,
			      .seen = start,
			      .seen_line = s->line};
	word->seen_column = word->column;
	if (is_variable) {
		marks = arena_alloc(s->arena, s->n_chars + 1);
		if (!marks)
			return -ENOMEM;
		for (size_t i = 0; i < s->n_chars; i++)
			marks[i] = s->chars[i].is_variable ? 'v' : '.';
		word->marks = marks;
	}
	if (!is_plain && s->n_chars) {
		word->chars = arena_memdup(s->scratch, s->chars, s->n_chars * sizeof(*s->chars));
		if (!word->chars)
			return -ENOMEM;
	}
	return 0;
}

static int read_word(struct scanner *s, struct word *word)
{
	size_t start = s->pos, json_end = raw_json_end(s, s->pos), end;
	int ret = 0;

	s->n_chars = 0;
	s->err = 0;
	if (json_end) {
		push_run(s, start, json_end, QUOTE_RAW, false);
		s->pos = json_end;
	}
	end = s->pos;
	while (!ret && !ends_word(s, s->pos)) {
		bool is_continued = continuation(s, s->pos) != 0;

		ret = read_unquoted(s);
		end = is_continued ? end : s->pos;
	}
	s->pos = end; /* a continued line behind the word is not part of it */
	return ret ? ret : finish_word(s, start, word);
}

/* Blanks, continued lines (also with blanks after the backslash, where an editor left them) and
 * comments. */
static void skip_blanks(struct scanner *s)
{
	for (;;) {
		size_t end = s->pos;

		while (is_blank(at(s, end)))
			end++;
		if (at(s, end) == '\\') {
			size_t after = end + 1;

			while (is_blank(at(s, after)))
				after++;
			if (at(s, after) == '\n')
				end = after + 1;
		} else if (at(s, end) == '#') {
			while (end < s->length && s->source[end] != '\n')
				end++;
		}
		if (end == s->pos)
			return;
		s->pos = end;
	}
}

/* An operator: a redirection is skipped with its file, all others end the command. */
static int read_operator(struct scanner *s, bool *is_break)
{
	size_t start = s->pos;
	bool is_redirection = false, is_heredoc;
	struct word file;
	int ret;

	while (at(s, s->pos) && strchr("<>&|;()-", at(s, s->pos))) {
		char c = at(s, s->pos);

		is_redirection |= c == '<' || c == '>';
		if (s->pos > start && (c == '(' || c == ')' || (c == '-' && !is_redirection)))
			break;
		s->pos++;
	}
	is_heredoc = s->pos - start >= 2 && memcmp(s->source + start, "<<", 2) == 0 &&
		     at(s, start + 2) != '<';
	*is_break = !is_redirection;
	if (!is_redirection)
		return 0;
	if (at(s, s->pos) == '(') {
		size_t end = closing(s, s->pos, '(', ')');

		if (!end)
			return scanner_fail(s, s->pos, "unbalanced bracket");
		s->pos = end;
		return 0;
	}
	skip_blanks(s);
	ret = read_word(s, &file);
	if (!ret && is_heredoc)
		s->heredoc = file.text;
	return ret;
}

/* Behind the newline: skip the lines of a here-document up to its delimiter. */
static void skip_heredoc(struct scanner *s)
{
	const char *cursor = s->source + s->pos, *line;
	size_t length;

	while (s->heredoc && next_line(&cursor, s->source + s->length, &line, &length)) {
		while (length && *line == '\t') {
			line++;
			length--;
		}
		if (length == strlen(s->heredoc) && memcmp(line, s->heredoc, length) == 0)
			break;
	}
	s->heredoc = NULL;
	s->pos = (size_t)(cursor - s->source);
}

static bool is_descriptor(const struct scanner *s, const struct word *word)
{
	return word->length && word->raw_length == word->length &&
	       strspn(word->text, "0123456789") == word->length &&
	       (at(s, s->pos) == '<' || at(s, s->pos) == '>');
}

int scanner_next(struct scanner *s, enum token *token, struct word *word)
{
	bool is_break = false;
	int ret;

	for (;;) {
		skip_blanks(s);
		if (s->pos >= s->length) {
			*token = TOKEN_END;
			return 0;
		}
		if (at(s, s->pos) == '\n') {
			s->pos++;
			skip_heredoc(s);
			*token = TOKEN_NEWLINE;
			return 0;
		}
		if (is_operator(at(s, s->pos))) {
			ret = read_operator(s, &is_break);
			if (ret)
				return ret;
			if (!is_break)
				continue;
			*token = TOKEN_BREAK;
			return 0;
		}
		ret = read_word(s, word);
		if (ret)
			return ret;
		if (is_descriptor(s, word))
			continue;
		*token = TOKEN_WORD;
		return 0;
	}
}

bool scanner_option_follows(const struct scanner *s)
{
	struct scanner ahead = *s;
	size_t dashes;

	for (;; ahead.pos++) {
		skip_blanks(&ahead);
		if (at(&ahead, ahead.pos) != '\n')
			break;
	}
	dashes = at(&ahead, ahead.pos + 1) == '-' ? 2 : 1;
	return at(&ahead, ahead.pos) == '-' && is_name(at(&ahead, ahead.pos + dashes));
}

int scanner_word_at(struct scanner *s, size_t offset, struct word *word)
{
	s->pos = offset;
	return read_word(s, word);
}
