/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * generate.c - runs while building: makes the man pages and the shell completions from the table of
 * options. Usage: iommufit-docs man[-COMMAND] | bash | zsh | fish
 */
#include "manual.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Text for roff: a dash stays a dash, and no line begins as a request. */
static void roff(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

static void roff_line(const char *text)
{
	roff(text);
	putchar('\n');
}

static void man_items(const char *section, const struct manual_item *items)
{
	if (!items)
		return;
	printf(".SH %s\n", section);
	for (; items->term; items++) {
		printf(".TP\n.B ");
		roff_line(items->term);
		roff_line(items->text);
	}
}

static void man_examples(const struct manual_item *items)
{
	printf(".SH EXAMPLES\n");
	for (; items->term; items++) {
		printf(".PP\n");
		roff_line(items->text);
		printf(".PP\n.RS 4\n");
		roff_line(items->term);
		printf(".RE\n");
	}
}

static void man_options(enum command_id command)
{
	printf(".SH OPTIONS\n");
	for (size_t i = 0; i < n_option_specs; i++) {
		const struct option_spec *o = &option_specs[i];

		if (!o->help || !option_is_for(o, command))
			continue;
		printf(".TP\n");
		if (o->letter)
			printf("\\fB\\-%c\\fR, ", o->letter);
		printf("\\fB\\-\\-");
		roff(o->name);
		printf("\\fR");
		if (o->argument)
			printf(" \\fI%s\\fR", o->argument);
		putchar('\n');
		roff_line(o->help);
		if (o->choices)
			printf("One of: %s.\n", o->choices);
	}
}

static void man_statuses(enum command_id command)
{
	printf(".SH EXIT STATUS\n");
	for (size_t i = 0; i < n_status_specs; i++) {
		const struct status_spec *s = &status_specs[i];

		if (s->commands != FOR_ALL &&
		    (command == COMMAND_NONE || !(s->commands & FOR(command))))
			continue;
		printf(".TP\n.B %d\n", s->status);
		roff_line(s->text);
	}
}

static void man_paragraphs(const char *const *text)
{
	for (; *text; text++) {
		printf(".PP\n");
		roff_line(*text);
	}
}

static void man_see_also(enum command_id command)
{
	printf(".SH SEE ALSO\n");
	if (command != COMMAND_NONE)
		printf(".BR iommufit (1),\n");
	for (int i = 0; i < N_COMMANDS; i++)
		if (i != (int)command)
			printf(".BR iommufit\\-%s (1),\n", command_specs[i].name);
	printf(".BR libiommufit (3)\n");
}

static void man_header(const char *suffix, const char *name, const char *summary)
{
	printf(".\\\" Made from the table of options; do not edit.\n");
	printf(".TH IOMMUFIT%s 1 \"\" \"iommufit %s\" \"User Commands\"\n.SH NAME\n", suffix,
	       IOMMUFIT_VERSION);
	roff(name);
	printf(" \\- ");
	roff_line(summary);
	printf(".SH SYNOPSIS\n");
}

static void man_tool(void)
{
	man_header("", "iommufit", "does a virtual machine fit this host's IOMMU?");
	printf(".B iommufit\n.I COMMAND\n[\\fIOPTIONS\\fR] ...\n.SH DESCRIPTION\n");
	man_paragraphs(tool_manual.description);
	printf(".SH COMMANDS\n");
	for (int i = 0; i < N_COMMANDS; i++) {
		printf(".TP\n.BR iommufit\\-%s (1)\n", command_specs[i].name);
		roff(command_specs[i].summary);
		printf(".\n");
	}
	man_options(COMMAND_NONE);
	man_statuses(COMMAND_NONE);
	printf(".PP\nStatuses 0 to 3 are answers; each command's page says what they mean.\n");
	man_items("ENVIRONMENT", environment);
	man_items("FILES", tool_manual.files);
	man_examples(tool_manual.examples);
	man_see_also(COMMAND_NONE);
}

static void man_command(enum command_id command)
{
	const struct command_spec *c = &command_specs[command];
	const struct manual *m = &manuals[command];
	char suffix[32], name[32];

	snprintf(suffix, sizeof(suffix), "\\-%s", c->name);
	for (char *at = suffix; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	snprintf(name, sizeof(name), "iommufit-%s", c->name);
	man_header(suffix, name, c->summary);
	for (size_t i = 0; c->usage[i]; i++) {
		printf("%s.B iommufit %s\n", i ? ".br\n" : "", c->name);
		roff_line(c->usage[i]);
	}
	printf(".SH DESCRIPTION\n");
	man_paragraphs(m->description);
	if (c->choices)
		printf(".PP\nModels: %s.\n", c->choices);
	man_options(command);
	man_statuses(command);
	man_items("ENVIRONMENT", environment);
	man_items("FILES", m->files);
	man_examples(m->examples);
	man_see_also(command);
}

/* ---- completions ---- */

static void bash_options(enum command_id command)
{
	for (size_t i = 0; i < n_option_specs; i++) {
		if (option_specs[i].help && option_is_for(&option_specs[i], command))
			printf(" --%s", option_specs[i].name);
		if (option_specs[i].letter && option_is_for(&option_specs[i], command))
			printf(" -%c", option_specs[i].letter);
	}
}

/* What follows an option that takes an argument. */
static void bash_arguments(void)
{
	printf("\tcase $previous in\n");
	for (size_t i = 0; i < n_option_specs; i++) {
		const struct option_spec *o = &option_specs[i];

		if (!o->argument)
			continue;
		printf("\t--%s", o->name);
		if (o->letter)
			printf("|-%c", o->letter);
		if (o->choices)
			printf(") COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n",
			       o->choices);
		else
			printf(")%s return ;;\n",
			       o->complete == COMPLETE_FILE
				       ? " COMPREPLY=($(compgen -f -- \"$word\"));"
				       : "");
	}
	printf("\tesac\n");
}

static void bash_commands(void)
{
	printf("\tcase $command in\n");
	for (int i = 0; i < N_COMMANDS; i++) {
		const struct command_spec *c = &command_specs[i];

		printf("\t%s)\n\t\toptions='", c->name);
		bash_options((enum command_id)i);
		printf("'\n");
		if (c->choices)
			printf("\t\twords='%s'\n", c->choices);
		if (c->complete == COMPLETE_FILE)
			printf("\t\tfiles=yes\n");
		printf("\t\t;;\n");
	}
	printf("\t*)\n\t\toptions='");
	bash_options(COMMAND_NONE);
	printf("'\n\t\twords='");
	for (int i = 0; i < N_COMMANDS; i++)
		printf("%s%s", i ? " " : "", command_specs[i].name);
	printf("'\n\t\t;;\n\tesac\n");
}

static void complete_bash(void)
{
	printf("# bash completion for iommufit; made from its table of options\n_iommufit()\n{\n"
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
	       "\tlocal command='' options='' words='' files='' i\n\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\t[[ ${COMP_WORDS[i]} == -- ]] && return\n"
	       "\t\t[[ -z $command && ${COMP_WORDS[i]} != -* ]] && command=${COMP_WORDS[i]}\n"
	       "\tdone\n");
	bash_arguments();
	bash_commands();
	printf("\tif [[ $word == -* ]]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n\t\treturn\n\tfi\n"
	       "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
	       "\t[[ -n $files ]] && COMPREPLY+=($(compgen -f -- \"$word\"))\n"
	       "}\ncomplete -o filenames -F _iommufit iommufit\n");
}

/* Text inside single quotes of a shell whose own signs are colons and brackets (zsh) or none
 * (fish). */
static void quoted(const char *text, bool zsh)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs(zsh ? "'\\''" : "\\'", stdout);
		else if (zsh && (*text == ':' || *text == '[' || *text == ']'))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void zsh_argument(const struct option_spec *o)
{
	if (!o->argument)
		return;
	printf(":");
	quoted(o->argument, true);
	if (o->choices)
		printf(":(%s)", o->choices);
	else
		printf(":%s", o->complete == COMPLETE_FILE ? "_files" : " ");
}

static void zsh_option(const struct option_spec *o)
{
	const char *stars = o->type == OPTION_LIST ? "*" : "";

	if (o->letter) {
		printf(" \\\n\t\t\t'%s-%c[", stars, o->letter);
		quoted(o->help, true);
		printf("]");
		zsh_argument(o);
		printf("'");
	}
	printf(" \\\n\t\t\t'%s--%s%s[", stars, o->name, o->argument ? "=" : "");
	quoted(o->help, true);
	printf("]");
	zsh_argument(o);
	printf("'");
}

static void zsh_options(enum command_id command)
{
	for (size_t i = 0; i < n_option_specs; i++)
		if (option_specs[i].help && option_is_for(&option_specs[i], command))
			zsh_option(&option_specs[i]);
}

static void complete_zsh(void)
{
	printf("#compdef iommufit\n# made from iommufit's table of options\n_iommufit() {\n"
	       "\tlocal -a commands=(\n");
	for (int i = 0; i < N_COMMANDS; i++) {
		printf("\t\t'%s:", command_specs[i].name);
		quoted(command_specs[i].summary, true);
		printf("'\n");
	}
	printf("\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe command "
	       "commands\n\t\t_arguments");
	zsh_options(COMMAND_NONE);
	printf("\n\t\treturn\n\tfi\n\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n"
	       "\tcase $command in\n");
	for (int i = 0; i < N_COMMANDS; i++) {
		const struct command_spec *c = &command_specs[i];

		printf("\t%s)\n\t\t_arguments", c->name);
		zsh_options((enum command_id)i);
		if (c->choices)
			printf(" \\\n\t\t\t'1:model:(%s)'", c->choices);
		else if (c->complete == COMPLETE_FILE)
			printf(" \\\n\t\t\t'1:VM:_files'");
		printf("\n\t\t;;\n");
	}
	printf("\tesac\n}\n_iommufit \"$@\"\n");
}

static void fish_option(const struct option_spec *o, const char *condition)
{
	printf("complete -c iommufit -n '%s' -l %s", condition, o->name);
	if (o->letter)
		printf(" -s %c", o->letter);
	if (o->argument)
		printf(" -r");
	if (o->choices)
		printf(" -a '%s'", o->choices);
	if (o->complete == COMPLETE_FILE)
		printf(" -F");
	printf(" -d '");
	quoted(o->help, false);
	printf("'\n");
}

static void fish_command(enum command_id command)
{
	const struct command_spec *c = &command_specs[command];
	char condition[80];

	printf("complete -c iommufit -n __fish_use_subcommand -a %s -d '", c->name);
	quoted(c->summary, false);
	printf("'\n");
	snprintf(condition, sizeof(condition), "__fish_seen_subcommand_from %s", c->name);
	for (size_t i = 0; i < n_option_specs; i++)
		if (option_specs[i].help && option_is_for(&option_specs[i], command))
			fish_option(&option_specs[i], condition);
	if (c->choices)
		printf("complete -c iommufit -n '%s' -a '%s'\n", condition, c->choices);
	if (c->complete == COMPLETE_FILE)
		printf("complete -c iommufit -n '%s' -F\n", condition);
}

static void complete_fish(void)
{
	printf("# fish completion for iommufit; made from its table of options\n"
	       "complete -c iommufit -f\n");
	for (size_t i = 0; i < n_option_specs; i++)
		if (option_specs[i].help && option_is_for(&option_specs[i], COMMAND_NONE))
			fish_option(&option_specs[i], "__fish_use_subcommand");
	for (int i = 0; i < N_COMMANDS; i++)
		fish_command((enum command_id)i);
}

static bool generate(const char *what)
{
	static const struct {
		const char *name;
		void (*make)(void);
	} outputs[] = {{"man", man_tool},
		       {"bash", complete_bash},
		       {"zsh", complete_zsh},
		       {"fish", complete_fish}};

	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		if (strcmp(outputs[i].name, what) == 0) {
			outputs[i].make();
			return true;
		}
	}
	for (int i = 0; i < N_COMMANDS; i++) {
		if (strncmp(what, "man-", 4) == 0 && strcmp(what + 4, command_specs[i].name) == 0) {
			man_command((enum command_id)i);
			return true;
		}
	}
	return false;
}

int main(int argc, char **argv)
{
	if (argc != 2 || !generate(argv[1])) {
		fprintf(stderr, "usage: iommufit-docs man[-COMMAND] | bash | zsh | fish\n");
		return EXIT_FAILURE;
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
