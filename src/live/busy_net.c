/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * busy_net.c - network interfaces below a device: one that is up, that carries the default route,
 * or that is part of another. A lost membership does not come back with the driver, so that an
 * interface which is down counts, too, while it is part of something.
 */
#include "live/busy.h"

#include <errno.h>

#include "base/strings.h"

#define FLAG_UP 0x1u	    /* IFF_UP */
#define ROUTE_REJECT 0x200u /* RTF_REJECT: IPv6 has one of these for all that it cannot reach */
#define CLASS_NETWORK 0x02u

static const char route4[] = "/proc/net/route", route6[] = "/proc/net/ipv6_route";

static bool is_word(const char *word, size_t length, const char *text)
{
	return length == strlen(text) && memcmp(word, text, length) == 0;
}

/* Words of a line by number; false if it has fewer. */
static bool word_at(const char *line, size_t length, unsigned index, const char **word, size_t *n)
{
	const char *end = line + length;

	do {
		if (!next_word(&line, end, word, n))
			return false;
	} while (index--);
	return true;
}

static bool is_word_at(const char *line, size_t length, unsigned index, const char *text)
{
	const char *word;
	size_t n;

	return word_at(line, length, index, &word, &n) && is_word(word, n, text);
}

/* Iface Destination Gateway Flags RefCnt Use Metric Mask … */
static bool is_default4(const char *line, size_t length, const char *name)
{
	return is_word_at(line, length, 0, name) && is_word_at(line, length, 1, "00000000") &&
	       is_word_at(line, length, 7, "00000000");
}

/* destination prefix source prefix next-hop metric refcnt use flags name */
static bool is_default6(const char *line, size_t length, const char *name)
{
	const char *word;
	uint64_t flags;
	size_t n;

	return is_word_at(line, length, 9, name) && is_word_at(line, length, 1, "00") &&
	       is_word_at(line, length, 0, "00000000000000000000000000000000") &&
	       word_at(line, length, 8, &word, &n) &&
	       (parse_u64n(word, n, 16, UINT32_MAX, &flags) || !(flags & ROUTE_REJECT));
}

static int check_route(struct busy *b, const char *name, const char *path,
		       bool (*is_default)(const char *, size_t, const char *))
{
	const char *text, *end, *line;
	size_t length;
	int err = busy_text(b, path, &text);

	end = text ? text + strlen(text) : NULL;
	while (!err && text && next_line(&text, end, &line, &length)) {
		if (is_default(line, length, name))
			err = busy_because(b, "interface %s carries the default route (%s)", name,
					   path);
	}
	return err;
}

static int check_membership(struct busy *b, const struct beneath *d)
{
	const char *master, **names;
	size_t n;
	int err = busy_link(b, d->path, "master", &master);

	if (!err && master)
		return busy_because(b, "interface %s is part of %s (%s/master)", d->name, master,
				    d->path);
	if (!err)
		err = busy_list(b, d->path, &names, &n);
	for (size_t i = 0; !err && i < n; i++) {
		if (str_starts(names[i], "upper_"))
			err = busy_because(b, "interface %s carries %s (%s/%s)", d->name,
					   names[i] + strlen("upper_"), d->path, names[i]);
	}
	return err;
}

static int check_up(struct busy *b, const struct beneath *d)
{
	const char *line;
	uint64_t flags;
	int err = busy_attribute(b, d->path, "flags", &line);

	if (err || !line)
		return err;
	if (parse_u64(line, 16, UINT64_MAX, &flags))
		return busy_unreadable(b, busy_path(b, "%s/flags", d->path), -EBADMSG);
	if (flags & FLAG_UP)
		return busy_because(b, "interface %s is up (%s/flags: %s)", d->name, d->path, line);
	return 0;
}

static int check_interface(struct busy *b, const struct beneath *d)
{
	int err = check_route(b, d->name, route4, is_default4);

	if (!err)
		err = check_route(b, d->name, route6, is_default6);
	if (!err)
		err = check_membership(b, d);
	return err ? err : check_up(b, d);
}

/* Those of user space: who uses them holds a node open. */
static bool makes_no_interface(const char *driver)
{
	return driver_is_free(driver) || str_eq(driver, "uio_pci_generic") ||
	       str_eq(driver, "igb_uio");
}

/* sysfs shows the interfaces of its own network namespace only. */
static int check_hidden(struct busy *b)
{
	if (b->class >> 16 != CLASS_NETWORK || !b->driver || makes_no_interface(b->driver))
		return 0;
	return busy_because(b,
			    "%s drives it, but no interface is seen: it may be in another network "
			    "namespace (%s/net)",
			    b->driver, b->folder);
}

int busy_net(struct busy *b)
{
	bool any = false;
	int err = 0;

	for (size_t i = 0; !err && i < b->n; i++) {
		if (!str_eq(b->beneath[i].subsystem, "net"))
			continue;
		any = true;
		err = check_interface(b, &b->beneath[i]);
	}
	return err || any ? err : check_hidden(b);
}
