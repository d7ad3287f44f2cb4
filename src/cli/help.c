/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* help.c - the text of --help, 80 columns wide. */
#include "options.h"

#include <string.h>

#define COLUMNS 80
#define TEXT_COLUMN 26

/* Text from column `indent` on, wrapped; the cursor stands at column `at`. */
static void write_wrapped(FILE *out, size_t at, size_t indent, const char *text)
{
	bool first = true;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (first || at + 1 + word > COLUMNS) {
			if (at > indent || !first) {
				fputc('\n', out);
				at = 0;
			}
			fprintf(out, "%*s", (int)(indent - at), "");
			at = indent;
		} else {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, word, out);
		at += word;
		text += word + strspn(text + word, " ");
		first = false;
	}
	fputc('\n', out);
}

static void write_option(FILE *out, const struct option_spec *o)
{
	int at = o->letter ? fprintf(out, "  -%c, --%s", o->letter, o->name)
			   : fprintf(out, "      --%s", o->name);

	if (o->argument)
		at += fprintf(out, " %s", o->argument);
	if (at > TEXT_COLUMN - 2) {
		fputc('\n', out);
		at = 0;
	}
	write_wrapped(out, at > 0 ? (size_t)at : 0, TEXT_COLUMN, o->help);
}

static void write_options(FILE *out, enum command_id command)
{
	fputs("\nOptions:\n", out);
	for (size_t i = 0; i < n_option_specs; i++)
		if (option_specs[i].help && option_is_for(&option_specs[i], command))
			write_option(out, &option_specs[i]);
}

static void write_statuses(FILE *out, enum command_id command)
{
	fputs("\nExit status:\n", out);
	for (size_t i = 0; i < n_status_specs; i++) {
		const struct status_spec *s = &status_specs[i];

		if (s->commands != FOR_ALL && !(s->commands & FOR(command)))
			continue;
		write_wrapped(out, (size_t)fprintf(out, "  %d", s->status), 6, s->text);
	}
}

static void write_tool(FILE *out)
{
	fputs("Usage: iommufit COMMAND [OPTIONS] ...\n\n", out);
	write_wrapped(out, 0, 0,
		      "Says before a virtual machine is started whether its virtual IOMMU and its "
		      "address "
		      "space fit this host's IOMMU, what QEMU will print, and what to change.");
	fputs("\nCommands:\n", out);
	for (int i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-9s %s\n", command_specs[i].name, command_specs[i].summary);
	write_options(out, COMMAND_NONE);
	fputs("\niommufit COMMAND --help shows the options of a command.\n", out);
}

void help_write(FILE *out, enum command_id command)
{
	const struct command_spec *c;

	if (command == COMMAND_NONE) {
		write_tool(out);
		return;
	}
	c = &command_specs[command];
	for (size_t i = 0; c->usage[i]; i++)
		fprintf(out, "%s iommufit %s %s\n", i ? "      " : "Usage:", c->name, c->usage[i]);
	fprintf(out, "\n%s.\n", c->summary);
	if (c->takes_argv) {
		fputc('\n', out);
		write_wrapped(
			out, 0, 0,
			"A VM is a file: a libvirt domain's XML, a Proxmox VE config, Cloud "
			"Hypervisor's JSON, or a QEMU command line (a script, a libvirt log); its "
			"content tells which. - is standard input.");
	}
	if (c->choices)
		fprintf(out, "\nModels: %s\n", c->choices);
	write_options(out, command);
	write_statuses(out, command);
}
