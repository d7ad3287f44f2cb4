// SPDX-License-Identifier: LGPL-2.1-or-later
/* command.c - which of the commands in a text starts the VM. */
#include <errno.h>

#include "vm/qemu_options.h"
#include "vm/words.h"

/* Words that may stand before the program: prompts, shell keywords, and commands that run another
 * one. */
static const char *const wrappers[] = {
	"!",	 "$",	    "%",       "chrt",	 "command", "do",	   "doas",
	"else",	 "env",	    "eval",    "exec",	 "if",	    "ionice",	   "nice",
	"nohup", "numactl", "prlimit", "setsid", "stdbuf",  "sudo",	   "then",
	"time",	 "timeout", "taskset", "until",	 "while",   "systemd-run", "{",
};

/* Options that only a QEMU command line has. */
static const char *const telling[] = {"device",	    "machine",	  "M",
				      "readconfig", "nodefaults", "enable-kvm"};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_one_of(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(text, list[i]))
			return true;
	}
	return false;
}

static bool is_program(const char *word)
{
	const char *name = base_name(word);

	return *word != '-' && !strpbrk(word, "= \t\n") &&
	       (str_starts(name, "qemu-system") || str_starts(name, "qemu-kvm"));
}

static bool is_assignment(const char *word)
{
	size_t n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

	return n && !(*word >= '0' && *word <= '9') &&
	       (word[n] == '=' || (word[n] == '+' && word[n + 1] == '='));
}

static bool is_telling(const char *word)
{
	const struct option_info *info = option_info_word(word);

	return info && is_one_of(info->name, telling, ARRAY_SIZE(telling));
}

static bool has_telling_option(const struct word *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_telling(words[i].text))
			return true;
	}
	return false;
}

/* Whether any option follows that says something about a VM. */
static bool has_vm_option(const struct word *words, size_t n)
{
	static const char *const not_vm[] = {"h", "help", "version", "L", "s",
					     "S", "d",	  "g",	     "k", "D"};

	for (size_t i = 0; i < n; i++) {
		const struct option_info *info = option_info_word(words[i].text);

		if (info && !is_one_of(info->name, not_vm, ARRAY_SIZE(not_vm)))
			return true;
	}
	return false;
}

/* Index of the first word that is neither an assignment nor a wrapper with its flags. */
static size_t skip_prefix(const struct word *words, size_t n)
{
	bool in_wrapper = false;
	size_t i;

	for (i = 0; i < n; i++) {
		const char *text = words[i].text;

		if (is_one_of(text, wrappers, ARRAY_SIZE(wrappers)))
			in_wrapper = true;
		else if (!is_assignment(text) && !(in_wrapper && *text == '-' && !is_telling(text)))
			break;
	}
	return i;
}

struct command_buffer {
	struct word *words;
	size_t n;
	size_t cap;
};

static int command_add(struct scanner *s, struct command_buffer *command, const struct word *word)
{
	if (command->n == MAX_WORDS)
		return scanner_fail(s, word->offset, "more than 16384 words");
	command->words =
		arena_grow(s->arena, command->words, command->n, &command->cap, sizeof(*word));
	if (!command->words)
		return -ENOMEM;
	command->words[command->n++] = *word;
	return 0;
}

static bool is_bare_name(const char *word)
{
	return str_eq(base_name(word), "kvm") || str_eq(base_name(word), "qemu");
}

/* Where the program stands in this command; -1: this command starts no VM. *is_sure: it says
 * something about a VM. */
static long find_program(const struct word *words, size_t n, bool *is_sure)
{
	size_t first = skip_prefix(words, n);

	*is_sure = true;
	for (size_t i = first; i < n && !is_telling(words[i].text); i++) {
		if (is_program(words[i].text) && has_vm_option(words + i + 1, n - i - 1))
			return (long)i;
	}
	if (first < n && is_bare_name(words[first].text) &&
	    has_vm_option(words + first + 1, n - first - 1))
		return (long)first;
	if (first < n && has_telling_option(words + first, n - first))
		return (long)first;
	*is_sure = false;
	return first < n && is_program(words[first].text) ? (long)first : -1;
}

static int command_take(struct scanner *s, struct word *words, size_t n, size_t program,
			struct command *out)
{
	out->has_program = *words[program].text != '-';
	out->words = words + program;
	out->n = n - program;
	if (out->has_program)
		return 0;
	/* A fragment, options only: an empty word where the program would stand. */
	out->words = arena_array(s->arena, out->n + 1, sizeof(*words));
	if (!out->words)
		return -ENOMEM;
	memcpy(out->words + 1, words + program, out->n * sizeof(*words));
	out->words[0] = (struct word){.text = "",
				      .offset = words[program].offset,
				      .line = words[program].line,
				      .column = words[program].column,
				      .seen = words[program].offset,
				      .seen_line = words[program].line,
				      .seen_column = words[program].column};
	out->n++;
	return 0;
}

/* The words up to the end of the next command. A newline does not end it if the next line begins
 * with an option: people list options without backslashes, and no command begins so. */
static int read_command(struct scanner *s, struct command_buffer *command, bool *at_end)
{
	enum token token;
	struct word word;
	int ret;

	for (;;) {
		ret = scanner_next(s, &token, &word);
		if (ret)
			return ret;
		*at_end = token == TOKEN_END;
		if (token == TOKEN_WORD) {
			ret = command_add(s, command, &word);
			if (ret)
				return ret;
		} else if (token == TOKEN_END || (token == TOKEN_BREAK && command->n)) {
			return 0;
		} else if (token == TOKEN_NEWLINE && command->n && !scanner_option_follows(s)) {
			return 0;
		}
	}
}

/* In a log of libvirt: where the text behind the last "starting up" line begins; else 0. */
static size_t log_start(const char *source, size_t length)
{
	static const char mark[] = ": starting up";
	const char *cursor = source, *line;
	size_t line_length, start = 0;

	while (next_line(&cursor, source + length, &line, &line_length)) {
		if (line_length && *line >= '0' && *line <= '9' &&
		    memmem(line, line_length, mark, sizeof(mark) - 1))
			start = (size_t)(cursor - source);
	}
	return start;
}

int command_from_text(struct scanner *s, struct command *out)
{
	struct command_buffer command = {0}, unsure = {0};
	long program = -1, unsure_program = -1;
	bool at_end = false, is_sure = false;
	int ret;

	s->pos = log_start(s->source, s->length);
	while (!at_end && !(program >= 0 && is_sure)) {
		command.n = 0;
		ret = read_command(s, &command, &at_end);
		if (ret)
			return ret;
		program = find_program(command.words, command.n, &is_sure);
		if (program >= 0 && !is_sure && unsure_program < 0) {
			unsure = command;
			unsure_program = program;
			command = (struct command_buffer){0};
		}
	}
	if (program >= 0 && is_sure)
		return command_take(s, command.words, command.n, (size_t)program, out);
	if (unsure_program >= 0)
		return command_take(s, unsure.words, unsure.n, (size_t)unsure_program, out);
	return scanner_fail(s, 0, "no QEMU command line in it");
}

static bool is_printable(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' && *text != '\t' && *text != '\n')
			return false;
	}
	return true;
}

int command_from_nul(struct scanner *s, struct command *out)
{
	struct command_buffer command = {0};
	size_t start = 0;
	bool is_sure;
	struct word word;
	int ret;

	for (size_t end; start < s->length; start = end + 1) {
		const char *nul = memchr(s->source + start, '\0', s->length - start);
		char *text;

		end = nul ? (size_t)(nul - s->source) : s->length;
		text = arena_strndup(s->arena, s->source + start, end - start);
		if (!text)
			return -ENOMEM;
		word = (struct word){.text = text,
				     .length = end - start,
				     .offset = start,
				     .raw_length = end - start,
				     .line = 1,
				     .column = (unsigned)start + 1,
				     .seen = start,
				     .seen_line = 1,
				     .seen_column = (unsigned)start + 1};
		ret = command_add(s, &command, &word);
		if (ret)
			return ret;
	}
	if (!command.n || !*command.words->text || !is_printable(command.words->text) ||
	    find_program(command.words, command.n, &is_sure) != 0)
		return scanner_fail(s, 0, "neither text nor the NUL-separated arguments of QEMU");
	return command_take(s, command.words, command.n, 0, out);
}

int command_find(struct scanner *s, bool (*is_wanted)(const char *word), struct command *out)
{
	struct command_buffer command = {0};
	bool at_end = false;

	while (!at_end) {
		size_t first;
		int ret;

		command.n = 0;
		ret = read_command(s, &command, &at_end);
		if (ret)
			return ret;
		/* "ip netns exec NAME PROGRAM": a wrapper may have words of its own */
		first = skip_prefix(command.words, command.n);
		while (first < command.n && !is_wanted(command.words[first].text) &&
		       *command.words[first].text != '-')
			first++;
		if (first < command.n && is_wanted(command.words[first].text))
			return command_take(s, command.words, command.n, first, out);
	}
	return -ENOENT;
}
