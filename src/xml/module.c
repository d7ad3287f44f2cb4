// SPDX-License-Identifier: LGPL-2.1-or-later
/* module.c - iommufit-xml.so: libxml2 reads a document, and tells what it meets. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>

#include "vm/xml/module.h"

/* Without a DOCTYPE there is no entity but the five built in, and character references: those are
 * to be resolved. XML_PARSE_HUGE is left out: libxml2's own limits hold. */
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOENT)

#if LIBXML_VERSION >= 21200
#define ERROR_ARGUMENT const xmlError *
#else
#define ERROR_ARGUMENT xmlErrorPtr
#endif

struct reading {
	xmlParserCtxtPtr parser;
	const struct xml_handler *handler;
	void *data;
	int err;
	unsigned *line;
	char *reason;
	size_t size;
};

static void stop(struct reading *r, int err)
{
	if (!err || r->err)
		return;
	r->err = err;
	xmlStopParser(r->parser);
}

/* libxml2's messages have line ends, and several lines. */
static void copy_line(char *to, size_t size, const char *from)
{
	size_t n = 0;

	for (; *from && n + 1 < size; from++) {
		unsigned char c = (unsigned char)*from;

		if (c <= ' ' || c == 0x7f) {
			if (n && to[n - 1] != ' ')
				to[n++] = ' ';
		} else {
			to[n++] = (char)c;
		}
	}
	while (n && to[n - 1] == ' ')
		n--;
	if (size)
		to[n] = '\0';
}

static void refuse(struct reading *r, unsigned line, const char *reason)
{
	*r->line = line;
	copy_line(r->reason, r->size, reason);
}

/* The first fault is the one that says most. Undeclared prefixes are no fault. */
static void take_error(void *data, ERROR_ARGUMENT error)
{
	struct reading *r = data;

	if (error->code == XML_ERR_NO_MEMORY)
		stop(r, -ENOMEM);
	if (error->level < XML_ERR_FATAL || *r->line || r->err)
		return;
	refuse(r, error->line > 0 ? (unsigned)error->line : 1,
	       error->message ? error->message : "not well-formed");
}

static void ignore_error(void *data, ERROR_ARGUMENT error)
{
	(void)data;
	(void)error;
}

static void take_doctype(void *data, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
	struct reading *r = data;

	(void)name;
	(void)id;
	(void)system;
	if (!*r->line)
		refuse(r, (unsigned)r->parser->input->line, "a DOCTYPE is not taken");
	stop(r, -EBADMSG);
}

static void take_start(void *data, const xmlChar *local, const xmlChar *prefix,
		       const xmlChar *space, int n_namespaces, const xmlChar **namespaces,
		       int n_attributes, int n_defaulted, const xmlChar **attributes)
{
	struct reading *r = data;
	struct xml_start start = {
		.local = (const char *)local,
		.prefix = (const char *)prefix,
		.space = (const char *)space,
		.namespaces = (const char *const *)namespaces,
		.n_namespaces = (size_t)n_namespaces,
		.attributes = (const char *const *)attributes,
		.n_attributes = (size_t)n_attributes,
	};

	(void)n_defaulted; /* only a DTD has defaults */
	if (!r->err)
		stop(r, r->handler->start(r->data, &start));
}

static void take_end(void *data, const xmlChar *local, const xmlChar *prefix, const xmlChar *space)
{
	struct reading *r = data;

	(void)local;
	(void)prefix;
	(void)space;
	if (!r->err)
		stop(r, r->handler->end(r->data));
}

static void take_text(void *data, const xmlChar *bytes, int length)
{
	struct reading *r = data;

	if (!r->err)
		stop(r, r->handler->text(r->data, (const char *)bytes, (size_t)length));
}

/* No handler of anything that a DTD could declare, so nothing of it is kept. */
static const xmlSAXHandler sax = {
	.initialized = XML_SAX2_MAGIC,
	.internalSubset = take_doctype,
	.startElementNs = take_start,
	.endElementNs = take_end,
	.characters = take_text,
	.ignorableWhitespace = take_text,
	.cdataBlock = take_text,
	.serror = take_error,
};

static int parse(struct reading *r, const char *bytes, size_t length)
{
	int is_good;

	r->parser = xmlCreateMemoryParserCtxt(bytes, (int)length);
	if (!r->parser)
		return -ENOMEM;
	*r->parser->sax = sax;
	r->parser->userData = r;
	xmlCtxtUseOptions(r->parser, OPTIONS);
	xmlParseDocument(r->parser);
	is_good = r->parser->wellFormed;
	if (r->parser->myDoc)
		xmlFreeDoc(r->parser->myDoc);
	xmlFreeParserCtxt(r->parser);
	if (r->err)
		return r->err;
	return is_good ? 0 : -EBADMSG;
}

static int read_document(const char *bytes, size_t length, const struct xml_handler *handler,
			 void *data, unsigned *line, char *reason, size_t size)
{
	/* The thread's own: libxml2 prints what concerns no parser, as when it gets no memory. */
	xmlStructuredErrorFunc old = xmlStructuredError;
	void *old_data = xmlStructuredErrorContext;
	struct reading r = {
		.handler = handler, .data = data, .line = line, .reason = reason, .size = size};
	int err;

	*line = 0;
	if (size)
		reason[0] = '\0';
	if (!length || length > INT_MAX)
		return -EBADMSG;
	xmlSetStructuredErrorFunc(NULL, ignore_error);
	err = parse(&r, bytes, length);
	xmlSetStructuredErrorFunc(old_data, old);
	return err;
}

const struct module_head *iommufit_xml_module(void);

__attribute__((visibility("default"))) const struct module_head *iommufit_xml_module(void)
{
	static const struct xml_module module = {.head = {XML_MODULE_ABI}, .read = read_document};

	return &module.head;
}
