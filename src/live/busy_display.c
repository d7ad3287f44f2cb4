/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * busy_display.c - what the console is shown on: framebuffers below the device, one of the firmware
 * in its BARs, the text of a VGA, a serial line. Who draws through DRM holds a node open, which
 * busy_holders.c finds.
 */
#include "live/busy.h"

#include <errno.h>

#include "base/strings.h"

#define CLASS_DISPLAY 0x03u

static const char vtconsoles[] = "/sys/class/vtconsole";
static const char iomem[] = "/proc/iomem";
static const char consoles[] = "/sys/class/tty/console/active";
static const char input_devices[] = "/proc/bus/input/devices";
static const char terminal[] = "/sys/class/tty/tty0/active";

/* Names of the firmware's framebuffer in /proc/iomem, by driver and kernel. */
static const char *const framebuffers[] = {"efifb",  "simplefb", "simple-framebuffer", "BOOTFB",
					   "vesafb", "efidrmfb", "vesadrmfb"};

/* Is a virtual terminal bound to a console driver whose name has this in it? */
static int find_console(struct busy *b, const char *what, const char **bound)
{
	const char **names, *line;
	size_t n;
	int err = busy_list(b, vtconsoles, &names, &n);

	*bound = NULL;
	for (size_t i = 0; !err && !*bound && i < n; i++) {
		const char *folder = busy_path(b, "%s/%s", vtconsoles, names[i]);

		err = folder ? busy_attribute(b, folder, "name", &line) : -ENOMEM;
		if (err || !line || !strstr(line, what))
			continue;
		err = busy_attribute(b, folder, "bind", &line);
		if (!err && line && str_eq(line, "1"))
			*bound = folder;
	}
	return err;
}

static int check_framebuffer(struct busy *b)
{
	const char *bound;
	int err = 0;

	for (size_t i = 0; !err && i < b->n; i++) {
		if (!str_eq(b->beneath[i].subsystem, "graphics"))
			continue;
		err = find_console(b, "frame buffer", &bound);
		if (!err && bound)
			err = busy_because(b, "the console is shown on %s (%s/bind)",
					   b->beneath[i].name, bound);
	}
	return err;
}

/* "00000000c0000000-00000000c07fffff" */
static bool parse_extent(const char *word, size_t length, uint64_t *first, uint64_t *last)
{
	const char *dash = memchr(word, '-', length);

	return dash && parse_u64n(word, (size_t)(dash - word), 16, UINT64_MAX, first) == 0 &&
	       parse_u64n(dash + 1, length - (size_t)(dash - word) - 1, 16, UINT64_MAX, last) == 0;
}

/* Is [first, last] inside one of the device's BARs? "0x… 0x… 0x…" a line. */
static bool is_in_bar(const char *resource, uint64_t first, uint64_t last)
{
	const char *end = resource + strlen(resource), *line, *a, *b;
	size_t length, n_a, n_b;

	while (next_line(&resource, end, &line, &length)) {
		const char *line_end = line + length;
		uint64_t start, stop;

		if (next_word(&line, line_end, &a, &n_a) && next_word(&line, line_end, &b, &n_b) &&
		    parse_u64n(a, n_a, 16, UINT64_MAX, &start) == 0 &&
		    parse_u64n(b, n_b, 16, UINT64_MAX, &stop) == 0 && stop > 0 && start <= first &&
		    last <= stop)
			return true;
	}
	return false;
}

static const char *framebuffer_name(const char *word, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(framebuffers); i++) {
		if (length == strlen(framebuffers[i]) && memcmp(word, framebuffers[i], length) == 0)
			return framebuffers[i];
	}
	return NULL;
}

/* "    c0000000-c07fffff : efifb" */
static int check_extents(struct busy *b, const char *text, const char *resource)
{
	const char *end = text + strlen(text), *line, *extent, *word;
	size_t length, n_extent, n;

	while (next_line(&text, end, &line, &length)) {
		const char *line_end = line + length, *name;
		uint64_t first, last;

		if (!next_word(&line, line_end, &extent, &n_extent) ||
		    !next_word(&line, line_end, &word, &n) ||
		    !next_word(&line, line_end, &word, &n))
			continue;
		name = framebuffer_name(word, n);
		if (name && parse_extent(extent, n_extent, &first, &last) &&
		    is_in_bar(resource, first, last))
			return busy_because(b, "the firmware's framebuffer is in its BAR (%s: %s)",
					    iomem, name);
	}
	return 0;
}

static int check_firmware_framebuffer(struct busy *b)
{
	const char *text, *resource;
	int err = busy_text(b, iomem, &text);

	if (!err)
		err = busy_text(b, busy_path(b, "%s/resource", b->folder), &resource);
	return err || !text || !resource ? err : check_extents(b, text, resource);
}

/* The VGA that the firmware booted with shows the text console, unless another driver took over. */
static int check_vga(struct busy *b)
{
	const char *line, *bound;
	int err = busy_attribute(b, b->folder, "boot_vga", &line);

	if (err || !line || !str_eq(line, "1"))
		return err;
	err = find_console(b, "VGA", &bound);
	if (!err && bound)
		err = busy_because(b, "the console is shown on it (%s/boot_vga: 1, %s/bind: 1)",
				   b->folder, bound);
	return err;
}

static bool has_word(const char *line, const char *text, bool is_prefix)
{
	const char *end = line + strlen(line), *word;
	size_t n;

	while (next_word(&line, end, &word, &n)) {
		if (n >= strlen(text) && memcmp(word, text, strlen(text)) == 0 &&
		    (is_prefix || n == strlen(text)))
			return true;
	}
	return false;
}

/* A virtio console's terminal (hvc0) does not hang on the device in sysfs. */
static int check_serial(struct busy *b)
{
	const char *line;
	int err = busy_line(b, consoles, &line);

	for (size_t i = 0; !err && line && i < b->n; i++) {
		const struct beneath *d = &b->beneath[i];
		bool is_tty = str_eq(d->subsystem, "tty") && has_word(line, d->name, false);
		bool is_hvc = d->driver && str_eq(d->driver, "virtio_console") &&
			      has_word(line, "hvc", true);

		if (is_tty || is_hvc)
			err = busy_because(b, "%s is the console (%s: %s)",
					   is_tty ? d->name : "a terminal of it", consoles, line);
	}
	return err;
}

int busy_display(struct busy *b)
{
	int err = check_framebuffer(b);

	if (!err && b->class >> 16 == CLASS_DISPLAY)
		err = check_firmware_framebuffer(b);
	if (!err && b->class >> 16 == CLASS_DISPLAY)
		err = check_vga(b);
	return err ? err : check_serial(b);
}

/* ---- a keyboard that a virtual terminal listens to ---- */

/* "S: Sysfs=/devices/…/input/input3" of a block with "H: Handlers=sysrq kbd event3" */
static bool is_keyboard(const char *text, const char *name)
{
	static const char sysfs[] = "S: Sysfs=", handlers[] = "H: Handlers=";
	const char *end = text + strlen(text), *line;
	bool is_it = false;
	size_t length;

	while (next_line(&text, end, &line, &length)) {
		size_t n = strlen(name);

		if (!length)
			is_it = false;
		if (length > strlen(sysfs) + n && str_starts(line, sysfs))
			is_it = line[length - n - 1] == '/' &&
				memcmp(line + length - n, name, n) == 0;
		if (is_it && length > strlen(handlers) && str_starts(line, handlers)) {
			const char *at = line + strlen(handlers), *word;

			while (next_word(&at, line + length, &word, &n)) {
				if (n == 3 && memcmp(word, "kbd", 3) == 0)
					return true;
			}
		}
	}
	return false;
}

int busy_input(struct busy *b)
{
	const char *text, *active;
	int err = busy_line(b, terminal, &active);

	if (err || !active)
		return err;
	err = busy_text(b, input_devices, &text);
	for (size_t i = 0; !err && text && i < b->n; i++) {
		if (str_eq(b->beneath[i].subsystem, "input") &&
		    is_keyboard(text, b->beneath[i].name))
			err = busy_because(b, "%s is a keyboard of the virtual terminals (%s)",
					   b->beneath[i].name, input_devices);
	}
	return err;
}
