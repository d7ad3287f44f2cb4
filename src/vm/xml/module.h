/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * module.h - what the library and iommufit-xml.so (libxml2) say to each other. The module has
 * no undefined symbols of the library.
 */
#ifndef VM_XML_MODULE_H
#define VM_XML_MODULE_H

#include <stddef.h>

#include "base/module.h"

#define XML_MODULE_ABI 1
#define XML_MODULE_SYMBOL "iommufit_xml_module"

/* An element begins. Lists as libxml2's startElementNsSAX2Func has them: namespaces that it
 * declares as pairs of prefix (NULL: the default one) and URI; attributes as local name, prefix
 * (NULL: none), URI (NULL: none), value, and end of the value. */
struct xml_start {
	const char *local;
	const char *prefix; /* NULL: none */
	const char *space;  /* URI, NULL: none */
	const char *const *namespaces;
	size_t n_namespaces;
	const char *const *attributes;
	size_t n_attributes;
};

/* In the order of the text. Other than 0 (a negative errno): stop, and return that. Strings live as
 * long as the call. */
struct xml_handler {
	int (*start)(void *data, const struct xml_start *);
	int (*text)(void *data, const char *bytes, size_t length);
	int (*end)(void *data);
};

struct xml_module {
	struct module_head head;
	/* No network, no file, no DOCTYPE. -EBADMSG: not well-formed, with line and reason (one
	 * line) if known; -ENOMEM; or what the handler returned. Nothing is printed. */
	int (*read)(const char *bytes, size_t length, const struct xml_handler *, void *data,
		    unsigned *line, char *reason, size_t size);
};

#endif
