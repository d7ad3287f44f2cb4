/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same tree as a folder (with and without openat2) and as an archive: the same answers. */
#include "groups.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/root_private.h"

static const struct entry {
	char kind; /* 'd', 'f', 'l' */
	const char *path;
	const char *content;
} tree[] = {
	{'d', "sys", NULL},
	{'d', "sys/bus", NULL},
	{'d', "sys/bus/pci", NULL},
	{'d', "sys/bus/pci/devices", NULL},
	{'d', "sys/devices", NULL},
	{'d', "sys/devices/0000:00:03.0", NULL},
	{'f', "sys/devices/0000:00:03.0/vendor", "0x8086\n"},
	{'f', "sys/devices/0000:00:03.0/empty", ""},
	{'f', "sys/devices/0000:00:03.0/text", "a line \t\r\n\n"},
	{'f', "sys/devices/0000:00:03.0/config.unreadable", ""},
	{'f', "sys/devices/0000:00:03.0/both", "1"},
	{'f', "sys/devices/0000:00:03.0/both.unreadable", ""},
	{'l', "sys/devices/0000:00:03.0/driver", "../../bus/pci/drivers/vfio-pci"},
	{'l', "sys/bus/pci/devices/0000:00:03.0", "../../../devices/0000:00:03.0"},
	{'f', "secret", "inside"},
	{'l', "absolute", "/sys/devices/0000:00:03.0/vendor"},
	{'l', "up", "../../../../../../../../secret"},
	{'l', "up-to-etc", "../../../../../../../../etc/passwd"},
	{'l', "absolute-etc", "/etc/passwd"},
	{'l', "self", "self"},
	{'l', "loop-a", "loop-b"},
	{'l', "loop-b", "./loop-a"},
	{'l', "dangling", "nowhere/at/all"},
	{'l', "to-file", "secret"},
	{'l', "to-folder", "sys/devices"},
	{'l', "to-root", "/"},
	{'l', "slashes", "sys//devices///0000:00:03.0/"},
	{'l', "n01", "secret"},
};

enum flavour { FOLDER, MANUAL, ARCHIVE, FLAVOURS };

static struct iof_ctx *ctx;
static struct arena *arena;
static char folder[] = "/tmp/iommufit-root-XXXXXX";
static struct root *roots[FLAVOURS];

/* A chain of links: n01 is the file's, n40 the fortieth. */
static void chain(unsigned i, char name[8], char target[8])
{
	snprintf(name, 8, "n%02u", i);
	snprintf(target, 8, "n%02u", i - 1);
}

static void make_on_disk(const struct entry *entry)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, entry->path);
	if (entry->kind == 'd') {
		assert_int_equal(mkdir(path, 0755), 0);
	} else if (entry->kind == 'l') {
		assert_int_equal(symlink(entry->content, path), 0);
	} else {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(entry->content, file);
		fclose(file);
	}
}

static void make_in_memory(struct root *root, const struct entry *entry)
{
	int err;

	if (entry->kind == 'd')
		err = root_memory_folder(root, entry->path);
	else if (entry->kind == 'l')
		err = root_memory_link(root, entry->path, entry->content);
	else
		err = root_memory_file(root, entry->path, entry->content, strlen(entry->content));
	assert_int_equal(err, 0);
}

static int set_up(void **state)
{
	size_t i;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	arena = arena_new(4096);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(root_memory(ctx, "x.tar", &roots[ARCHIVE]), 0);
	for (i = 0; i < ARRAY_SIZE(tree); i++) {
		make_on_disk(&tree[i]);
		make_in_memory(roots[ARCHIVE], &tree[i]);
	}
	for (i = 2; i <= 41; i++) {
		char name[8], target[8];
		struct entry entry = {'l', name, target};

		chain((unsigned)i, name, target);
		make_on_disk(&entry);
		make_in_memory(roots[ARCHIVE], &entry);
	}
	assert_int_equal(root_folder(ctx, folder, &roots[FOLDER]), 0);
	assert_int_equal(root_folder(ctx, folder, &roots[MANUAL]), 0);
	root_forbid_openat2(roots[MANUAL]);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int tear_down(void **state)
{
	size_t i;

	for (i = 0; i < FLAVOURS; i++)
		root_free(roots[i]);
	arena_free(arena);
	iof_ctx_unref(ctx);
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const struct read_row {
	const char *name;
	const char *path;
	int err;
	const char *expected;
} reads[] = {
	{"read: a file", "/secret", 0, "inside"},
	{"read: an empty file", "/sys/devices/0000:00:03.0/empty", 0, ""},
	{"read: through a link as sysfs has them", "/sys/bus/pci/devices/0000:00:03.0/vendor", 0,
	 "0x8086\n"},
	{"read: a link to a file", "/to-file", 0, "inside"},
	{"read: an absolute link means the root", "/absolute", 0, "0x8086\n"},
	{"read: through a link to the root", "/to-root/to-root/secret", 0, "inside"},
	{"read: a link with many slashes", "/slashes/vendor", 0, "0x8086\n"},
	{"read: a link leading above the root stays inside", "/up", 0, "inside"},
	{"read: /etc/passwd by ..", "/up-to-etc", -ENOENT, NULL},
	{"read: /etc/passwd by an absolute link", "/absolute-etc", -ENOENT, NULL},
	{"read: /etc/passwd by the path", "/../../../../../../etc/passwd", -ENOENT, NULL},
	{"read: .. in the path stays inside", "/../sys/../../secret", 0, "inside"},
	{"read: . and slashes in the path", "//sys/./../secret", 0, "inside"},
	{"read: a link to itself", "/self", -ELOOP, NULL},
	{"read: two links in a circle", "/loop-a", -ELOOP, NULL},
	{"read: below a circle", "/loop-a/vendor", -ELOOP, NULL},
	{"read: 40 links", "/n40", 0, "inside"},
	{"read: 41 links", "/n41", -ELOOP, NULL},
	{"read: a dangling link", "/dangling", -ENOENT, NULL},
	{"read: absent", "/absent", -ENOENT, NULL},
	{"read: below an absent folder", "/absent/file", -ENOENT, NULL},
	{"read: below a file", "/secret/file", -ENOENT, NULL},
	{"read: unreadable", "/sys/devices/0000:00:03.0/config", -EACCES, NULL},
	{"read: unreadable through a link", "/sys/bus/pci/devices/0000:00:03.0/config", -EACCES,
	 NULL},
	{"read: a mark beside a file means nothing", "/sys/devices/0000:00:03.0/both", 0, "1"},
	{"read: a folder", "/sys", -EISDIR, NULL},
	{"read: not absolute", "secret", -EINVAL, NULL},
};

static void reads_file(void **state)
{
	const struct read_row *row = *state;
	enum flavour f;

	for (f = 0; f < FLAVOURS; f++) {
		const char *bytes = NULL;
		size_t length = 0;
		int err = root_read(roots[f], arena, row->path, 100, &bytes, &length);

		assert_int_equal(err, row->err);
		assert_int_equal(root_exists(roots[f], row->path),
				 err == 0 || err == -EACCES || err == -EISDIR);
		if (err)
			continue;
		assert_string_equal(bytes, row->expected);
		assert_int_equal(length, strlen(row->expected));
	}
}

static const struct link_row {
	const char *name;
	const char *path;
	int err;
	const char *expected;
} links[] = {
	{"link: driver", "/sys/bus/pci/devices/0000:00:03.0/driver", 0, "vfio-pci"},
	{"link: target without slash", "/to-file", 0, "secret"},
	{"link: dangling", "/dangling", 0, "all"},
	{"link: the first of a chain", "/n41", 0, "n40"},
	{"link: circle", "/self", 0, "self"},
	{"link: below a circle", "/self/driver", -ELOOP, NULL},
	{"link: a file", "/secret", -EINVAL, NULL},
	{"link: a folder", "/sys", -EINVAL, NULL},
	{"link: absent", "/absent", -ENOENT, NULL},
};

static void names_link(void **state)
{
	const struct link_row *row = *state;
	enum flavour f;

	for (f = 0; f < FLAVOURS; f++) {
		const char *name = NULL;

		assert_int_equal(root_link_name(roots[f], arena, row->path, &name), row->err);
		if (!row->err)
			assert_string_equal(name, row->expected);
	}
}

static const struct list_row {
	const char *name;
	const char *path;
	int err;
	const char *expected;
} lists[] = {
	{"list: sorted, unreadable ones once", "/sys/devices/0000:00:03.0", 0,
	 "both config driver empty text vendor "},
	{"list: through a link", "/to-folder", 0, "0000:00:03.0 "},
	{"list: inside the root only", "/sys/../..", 0, NULL},
	{"list: absent", "/absent", -ENOENT, NULL},
	{"list: a file", "/secret", -ENOENT, NULL},
	{"list: circle", "/self", -ELOOP, NULL},
};

static void lists_folder(void **state)
{
	const struct list_row *row = *state;
	enum flavour f;

	for (f = 0; f < FLAVOURS; f++) {
		struct buf got = {0};
		const char **names = NULL;
		size_t n = 0, i;
		int err = root_list(roots[f], arena, row->path, &names, &n);

		assert_int_equal(err, row->err);
		for (i = 0; i < n; i++)
			buf_printf(&got, "%s ", names[i]);
		if (row->expected)
			assert_string_equal(got.data, row->expected);
		else if (!err)
			assert_non_null(strstr(got.data, "secret self "));
		if (!err)
			assert_null(names[n]);
		buf_free(&got);
	}
}

static const struct value_row {
	const char *name;
	const char *content;
	int base;
	int err;
	uint64_t expected;
} values[] = {
	{"value: hexadecimal", "0x8086\n", 16, 0, 0x8086},
	{"value: any", "12\n", 0, 0, 12},
	{"value: NUL at the end", "7\0", 10, 0, 7},
	{"value: minus", "-1\n", 10, -EBADMSG, 0},
	{"value: none", "\n", 10, -EBADMSG, 0},
	{"value: two", "1 2\n", 10, -EBADMSG, 0},
	{"value: too large", "18446744073709551616", 10, -EBADMSG, 0},
};

static void reads_value(void **state)
{
	const struct value_row *row = *state;
	struct root *root = NULL;
	uint64_t got = 0;
	int err;

	assert_int_equal(root_memory(ctx, "x.tar", &root), 0);
	assert_int_equal(root_memory_file(root, "v", row->content, strlen(row->content) + 1), 0);
	err = root_read_u64(root, "/v", row->base, &got);
	assert_int_equal(err, row->err);
	assert_int_equal(got, row->expected);
	if (err)
		assert_string_equal(iof_ctx_error(ctx), "x.tar:/v:1: not a number");
	root_free(root);
}

static void caps_size(void **state)
{
	enum flavour f;

	for (f = 0; f < FLAVOURS; f++) {
		const char *bytes;
		size_t length;

		assert_int_equal(root_read(roots[f], arena, "/secret", 6, &bytes, &length), 0);
		assert_int_equal(root_read(roots[f], arena, "/secret", 5, &bytes, &length), -EFBIG);
		assert_non_null(strstr(iof_ctx_error(ctx), "/secret: "));
	}
}

static void trims_line(void **state)
{
	enum flavour f;

	for (f = 0; f < FLAVOURS; f++) {
		const char *text;

		assert_int_equal(
			root_read_line(roots[f], arena, "/sys/devices/0000:00:03.0/text", &text),
			0);
		assert_string_equal(text, "a line");
	}
}

static void pipes_and_devices_are_not_read(void **state)
{
	char path[64];
	int i;

	snprintf(path, sizeof(path), "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	for (i = FOLDER; i <= MANUAL; i++) {
		const char *bytes;
		size_t length;

		assert_int_equal(root_read(roots[i], arena, "/pipe", 10, &bytes, &length), -ENXIO);
	}
	unlink(path);
}

static void large_file_is_read_whole(void **state)
{
	const size_t size = 300000;
	char *content = malloc(size);
	struct root *root = NULL;
	const char *bytes;
	char path[64];
	size_t length;
	FILE *file;

	memset(content, 'x', size);
	snprintf(path, sizeof(path), "%s/large", folder);
	file = fopen(path, "w");
	assert_int_equal(fwrite(content, 1, size, file), size);
	fclose(file);
	assert_int_equal(root_read(roots[FOLDER], arena, "/large", size, &bytes, &length), 0);
	assert_int_equal(length, size);
	assert_memory_equal(bytes, content, size);
	assert_int_equal(root_read(roots[FOLDER], arena, "/large", size - 1, &bytes, &length),
			 -EFBIG);
	assert_int_equal(root_live(ctx, &root), 0);
	assert_int_equal(root_read(root, arena, path, size, &bytes, &length), 0);
	assert_int_equal(length, size);
	root_free(root);
	unlink(path);
	free(content);
}

static void live_root_is_the_system(void **state)
{
	struct root *root = NULL;
	const char *text, *name, **names;
	size_t n;

	assert_int_equal(root_live(ctx, &root), 0);
	assert_int_equal(root_kind(root), ROOT_LIVE);
	assert_string_equal(root_name(root), "");
	assert_int_equal(root_read_line(root, arena, "/proc/sys/kernel/osrelease", &text), 0);
	assert_true(strlen(text) > 0);
	assert_int_equal(root_link_name(root, arena, "/proc/self/exe", &name), 0);
	assert_string_equal(name, "test-base");
	assert_int_equal(root_list(root, arena, "/proc/self", &names, &n), 0);
	assert_true(n > 10);
	assert_int_equal(root_read_line(root, arena, "/proc/absent", &text), -ENOENT);
	root_free(root);
}

static void roots_have_names(void **state)
{
	struct root *root = NULL;
	char path[64];

	snprintf(path, sizeof(path), "%s///", folder);
	assert_int_equal(root_folder(ctx, path, &root), 0);
	assert_string_equal(root_name(root), folder);
	root_free(root);
	assert_string_equal(root_name(roots[ARCHIVE]), "x.tar:");
	assert_int_equal(root_folder(ctx, "/tmp/iommufit-absent", &root), -ENOENT);
	assert_string_equal(iof_ctx_error(ctx), "/tmp/iommufit-absent: No such file or directory");
	assert_int_equal(root_folder(ctx, "/proc/version", &root), -ENOTDIR);
}

/* ---- members of an archive ---- */

static const struct member_row {
	const char *name;
	char kind;
	const char *path;
	int expected;
} members[] = {
	{"member: relative", 'f', "a/b", 0},
	{"member: absolute", 'f', "/a/b", 0},
	{"member: with ./", 'f', "./a/b", 0},
	{"member: folder with a slash", 'd', "./a/", 0},
	{"member: the root itself", 'd', "./", 0},
	{"member: the root as a file", 'f', ".", -EBADMSG},
	{"member: no name", 'f', "", -EBADMSG},
	{"member: file with a slash", 'f', "a/", -EBADMSG},
	{"member: .. first", 'f', "../etc/passwd", -EBADMSG},
	{"member: .. within", 'f', "a/../../etc/passwd", -EBADMSG},
	{"member: .. last", 'd', "a/..", -EBADMSG},
	{"member: .. alone", 'd', "..", -EBADMSG},
	{"member: dots that are a name", 'f', "a/...", 0},
	{"member: empty part", 'f', "a//b", -EBADMSG},
	{"member: two slashes first", 'f', "//a", -EBADMSG},
	{"member: below a link", 'f', "link/b", -EBADMSG},
	{"member: folder below a link", 'd', "link/b/c", -EBADMSG},
	{"member: in the place of a link", 'f', "link", 0},
	{"member: folder in the place of a link", 'd', "link", 0},
	{"member: in the place of a full folder", 'f', "full", -EBADMSG},
	{"member: link in the place of a full folder", 'l', "full", -EBADMSG},
	{"member: in the place of an empty folder", 'l', "void", 0},
	{"member: below a file", 'f', "full/file/x", 0},
};

static void accepts_member(void **state)
{
	const struct member_row *row = *state;
	struct entry entry = {row->kind, row->path, "x"};
	struct root *root = NULL;
	int err;

	assert_int_equal(root_memory(ctx, "x.tar", &root), 0);
	assert_int_equal(root_memory_link(root, "link", "/etc"), 0);
	assert_int_equal(root_memory_file(root, "full/file", "", 0), 0);
	assert_int_equal(root_memory_folder(root, "void"), 0);
	if (entry.kind == 'd')
		err = root_memory_folder(root, entry.path);
	else if (entry.kind == 'l')
		err = root_memory_link(root, entry.path, "x");
	else
		err = root_memory_file(root, entry.path, "x", 1);
	assert_int_equal(err, row->expected);
	if (err)
		assert_true(str_starts(iof_ctx_error(ctx), "x.tar:"));
	root_free(root);
}

static void later_member_wins(void **state)
{
	struct root *root = NULL;
	const char *text;

	assert_int_equal(root_memory(ctx, "x.tar", &root), 0);
	assert_int_equal(root_memory_file(root, "a", "first", 5), 0);
	assert_int_equal(root_memory_file(root, "./a", "second", 6), 0);
	assert_int_equal(root_read_line(root, arena, "/a", &text), 0);
	assert_string_equal(text, "second");
	assert_int_equal(root_memory_link(root, "a", "b"), 0);
	assert_int_equal(root_read_line(root, arena, "/a", &text), -ENOENT);
	assert_int_equal(root_memory_file(root, "b", "third", 5), 0);
	assert_int_equal(root_read_line(root, arena, "/a", &text), 0);
	assert_string_equal(text, "third");
	root_free(root);
}

static void many_members(void **state)
{
	const unsigned many = 20000;
	struct root *root = NULL;
	const char **names;
	uint64_t value;
	char path[64];
	unsigned i;
	size_t n;

	assert_int_equal(root_memory(ctx, "x.tar", &root), 0);
	for (i = 0; i < many; i++) {
		char text[16];
		int length = snprintf(text, sizeof(text), "%u\n", i);

		snprintf(path, sizeof(path), "sys/devices/%05u/value", i);
		assert_int_equal(root_memory_file(root, path, text, (size_t)length), 0);
	}
	for (i = 0; i < many; i++) {
		snprintf(path, sizeof(path), "/sys/devices/%05u/value", i);
		assert_int_equal(root_read_u64(root, path, 10, &value), 0);
		assert_int_equal(value, i);
	}
	assert_int_equal(root_list(root, arena, "/sys/devices", &names, &n), 0);
	assert_int_equal(n, many);
	assert_string_equal(names[many - 1], "19999");
	root_free(root);
}

/* ---- an embedder's access ---- */

static int io_read(void *data, const char *path, size_t max, char **bytes, size_t *length)
{
	if (str_eq(path, "/denied"))
		return -EACCES;
	if (!str_eq(path, "/file"))
		return -ENOENT;
	*bytes = strdup("42\n");
	*length = 3;
	return 0;
}

static int io_readlink(void *data, const char *path, char **target)
{
	if (!str_eq(path, "/link"))
		return -EINVAL;
	*target = strdup("../drivers/vfio-pci");
	return 0;
}

static int io_list(void *data, const char *path, int (*each)(void *arg, const char *name),
		   void *arg)
{
	int err = each(arg, "b");

	return err ? err : each(arg, "a");
}

static int io_exists(void *data, const char *path)
{
	return str_eq(path, "/file") ? 0 : -ENOENT;
}

static void io_close(void *data)
{
	++*(int *)data;
}

static void embedder_is_asked(void **state)
{
	int closed = 0;
	struct iof_io io = {sizeof(io), &closed,   io_read, io_readlink,
			    io_list,	io_exists, io_close};
	struct root *root = NULL;
	const char *name, **names, *bytes;
	uint64_t value;
	size_t n;

	assert_int_equal(root_io(ctx, &io, &root), 0);
	assert_int_equal(root_read_u64(root, "/file", 10, &value), 0);
	assert_int_equal(value, 42);
	assert_int_equal(root_read(root, arena, "/file", 2, &bytes, &n), -EFBIG);
	assert_int_equal(root_read_u64(root, "/denied", 10, &value), -EACCES);
	assert_int_equal(root_read_u64(root, "/absent", 10, &value), -ENOENT);
	assert_int_equal(root_link_name(root, arena, "/link", &name), 0);
	assert_string_equal(name, "vfio-pci");
	assert_int_equal(root_list(root, arena, "/", &names, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(names[0], "a");
	assert_true(root_exists(root, "/file"));
	assert_false(root_exists(root, "/other"));
	root_free(root);
	assert_int_equal(closed, 1);
	io.size = 8;
	assert_int_equal(root_io(ctx, &io, &root), -EINVAL);
}

int test_root(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caps_size),
		cmocka_unit_test(trims_line),
		cmocka_unit_test(pipes_and_devices_are_not_read),
		cmocka_unit_test(large_file_is_read_whole),
		cmocka_unit_test(live_root_is_the_system),
		cmocka_unit_test(roots_have_names),
		cmocka_unit_test(later_member_wins),
		cmocka_unit_test(many_members),
		cmocka_unit_test(embedder_is_asked),
	};
	int failed;

	set_up(NULL);
	failed = RUN_TABLE(reads, reads_file) + RUN_TABLE(links, names_link) +
		 RUN_TABLE(lists, lists_folder) + RUN_TABLE(values, reads_value) +
		 RUN_TABLE(members, accepts_member) +
		 cmocka_run_group_tests_name("root", tests, NULL, NULL);
	return failed + (tear_down(NULL) != 0);
}
