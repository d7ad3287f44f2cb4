/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * words.h - the words of a command line, and how a shell text is split into them. For every
 * character of a word the bytes of the source that it was written with can be found again, so that
 * it can be edited there.
 */
#ifndef VM_WORDS_H
#define VM_WORDS_H

#include "vm/vm.h"

#define MAX_SOURCE (1u << 20)
#define MAX_WORDS 16384u

enum quote {
	QUOTE_NONE = 0,
	QUOTE_SINGLE,
	QUOTE_DOUBLE,
	QUOTE_ANSI, /* $'...' */
	QUOTE_RAW,  /* JSON that stands in the text without shell quotes, as ps and logs print it */
};

/* One character of a word, and the bytes of the source that say it. */
struct word_char {
	uint32_t offset;
	uint8_t length;
	uint8_t quote; /* enum quote */
	char c;
	bool is_variable; /* part of $VAR, ${VAR}, $(...) or `...` */
};

struct word {
	const char *text;
	const char *marks; /* as long as text; not '.' where a shell variable stands. NULL: none in
			      it */
	size_t length;
	size_t offset; /* in the source; raw_length bytes with quoting */
	size_t raw_length;
	unsigned line;
	unsigned column;
	/* While loading only: length of them. NULL: characters stand in the source as they are. */
	const struct word_char *chars;
	/* How far word_place() has counted lines. */
	size_t seen;
	unsigned seen_line;
	unsigned seen_column;
};

struct scanner {
	struct iof_ctx *ctx;
	struct arena *arena;   /* of texts */
	struct arena *scratch; /* of chars */
	const char *name;
	const char *source;
	size_t length;
	size_t pos;
	unsigned line; /* at line_pos */
	size_t line_start;
	size_t line_pos;
	struct word_char *chars; /* of the word that is being read; malloc'd */
	size_t n_chars;
	size_t chars_cap;
	const char *heredoc; /* delimiter of the here-document that begins on the next line */
	int err;
};

enum token {
	TOKEN_END = 0,
	TOKEN_WORD,
	TOKEN_NEWLINE,
	TOKEN_BREAK, /* ; & | ( ): the command ends */
};

void scanner_init(struct scanner *, struct iof_ctx *, struct arena *, struct arena *scratch,
		  const char *name, const char *source, size_t length);
void scanner_free(struct scanner *);
int scanner_next(struct scanner *, enum token *, struct word *);
/* Whether the next word, comments and empty lines left out, is an option. */
bool scanner_option_follows(const struct scanner *);
/* Read the word that starts at this offset again, with chars. */
int scanner_word_at(struct scanner *, size_t offset, struct word *);
/* "name:line: reason" for a place in the source; returns -EBADMSG. */
int scanner_fail(struct scanner *, size_t offset, const char *reason);

/* A word of an argument vector: no quoting. */
int word_plain(struct arena *, const char *text, struct word *);
/* Where characters [start, end) of word number arg stand. source: NULL for an argument vector. */
struct place word_place(struct word *, const char *source, size_t start, size_t end, int arg);
bool word_has_variable(const struct word *, size_t start, size_t end);

/* Append text to out so that a shell reads it back inside this kind of quotes. */
void quote_append(struct buf *out, const char *text, size_t length, enum quote);

/* command.c: the words of the VMM's command. program 0: none was written, words[0] is empty. */
struct command {
	struct word *words;
	size_t n;
	bool has_program;
};
int command_from_text(struct scanner *, struct command *);
int command_from_nul(struct scanner *, struct command *);
/* The first command of a text whose program this is; -ENOENT: none. */
int command_find(struct scanner *, bool (*is_program)(const char *word), struct command *);

#endif
