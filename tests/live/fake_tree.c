/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fake_tree.c - the files of the fake kernel. */
#include "fake_private.h"

#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
	return fake_printf("%s", text);
}

struct node *fake_find(struct fake_kernel *k, const char *path)
{
	size_t i;

	for (i = 0; i < k->n_nodes; i++)
		if (strcmp(k->nodes[i].path, path) == 0)
			return &k->nodes[i];
	return NULL;
}

struct node *fake_add(struct fake_kernel *k, const char *path, enum node_kind kind)
{
	struct node *node = fake_find(k, path);
	char *slash;

	if (!node) {
		char *folder = copy(path);

		slash = strrchr(folder, '/');
		*slash = '\0';
		if (*folder && !fake_find(k, folder))
			fake_add(k, folder, NODE_FOLDER);
		free(folder);
		k->nodes = fake_grow(k->nodes, k->n_nodes + 1, sizeof(*k->nodes));
		node = &k->nodes[k->n_nodes++];
		*node = (struct node){.path = copy(path)};
	}
	node->kind = kind;
	return node;
}

/* Put a target in the place of path[0..n), which is a link, and tidy ".." away. */
static char *replaced(const char *path, size_t n, const char *target)
{
	char *parent = fake_printf("%.*s", (int)n, path), *joined, *at;

	*strrchr(parent, '/') = '\0';
	joined = *target == '/' ? fake_printf("%s%s", target, path + n)
				: fake_printf("%s/%s%s", parent, target, path + n);
	free(parent);
	while ((at = strstr(joined, "/../"))) {
		char *from = at;

		while (from > joined && *--from != '/')
			;
		memmove(from, at + 3, strlen(at + 3) + 1);
	}
	return joined;
}

/* With the links on the way followed, and the last one if that is wanted. From malloc(). */
char *fake_resolve(struct fake_kernel *k, const char *path, bool last)
{
	char *now = copy(path);
	unsigned rounds;
	size_t n;

	for (rounds = 0; rounds < 40; rounds++) {
		char *next = NULL;

		for (n = 1; !next && now[n]; n++) {
			size_t end = n + 1;
			char kept = now[end];
			struct node *node;

			if (kept != '/' && (kept || !last))
				continue;
			now[end] = '\0';
			node = fake_find(k, now);
			now[end] = kept;
			if (node && node->kind == NODE_LINK)
				next = replaced(now, end, node->text);
		}
		if (!next)
			break;
		free(now);
		now = next;
	}
	return now;
}

void fake_set_text(struct node *node, const char *text, size_t length)
{
	char *own = fake_grow(NULL, length + 1, 1);

	memcpy(own, text, length);
	own[length] = '\0';
	free(node->text);
	node->text = own;
	node->length = length;
}

void fake_file(struct fake_kernel *k, const char *path, const char *text)
{
	fake_set_text(fake_add(k, path, NODE_FILE), text, strlen(text));
}

void fake_link(struct fake_kernel *k, const char *path, const char *target)
{
	fake_set_text(fake_add(k, path, NODE_LINK), target, strlen(target));
}

void fake_node(struct fake_kernel *k, const char *path, bool is_block, unsigned major,
	       unsigned minor)
{
	struct node *node = fake_add(k, path, NODE_DEVICE);

	fake_set_text(node, "", 0);
	node->is_block = is_block;
	node->major = major;
	node->minor = minor;
}

void fake_claim(struct fake_kernel *k, const char *path)
{
	fake_find(k, path)->is_claimed = true;
}

bool fake_is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && (!path[n] || path[n] == '/');
}

void fake_remove(struct fake_kernel *k, const char *path)
{
	size_t i, to = 0;

	for (i = 0; i < k->n_nodes; i++) {
		if (fake_is_below(k->nodes[i].path, path)) {
			free(k->nodes[i].path);
			free(k->nodes[i].text);
		} else {
			k->nodes[to++] = k->nodes[i];
		}
	}
	k->n_nodes = to;
}

const char *fake_text(struct fake_kernel *k, const char *path)
{
	struct node *node = fake_find(k, path);

	return node ? node->text : NULL;
}

unsigned fake_mode(struct fake_kernel *k, const char *path)
{
	struct node *node = fake_find(k, path);

	return node ? node->mode : 0;
}

bool fake_exists(struct fake_kernel *k, const char *path)
{
	return fake_find(k, path) != NULL;
}

void fake_holder(struct fake_kernel *k, unsigned pid, const char *name, const char *path)
{
	char *at = fake_printf("/proc/%u/comm", pid), *line = fake_printf("%s\n", name);

	fake_file(k, at, line);
	free(at);
	at = fake_printf("/proc/%u/fd/0", pid);
	fake_link(k, at, "/dev/null");
	free(at);
	at = fake_printf("/proc/%u/fd/17", pid);
	fake_link(k, at, path);
	free(at);
	free(line);
}
