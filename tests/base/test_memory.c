/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every allocation of a script fails once, alone and with all after it: the end is -ENOMEM or a
 * right answer. */
#include "groups.h"

#include <errno.h>
#include <unistd.h>

#include "base/emit.h"
#include "base/error.h"
#include "base/interval.h"
#include "base/root.h"
#include "inject.h"

static int fill(struct root *root)
{
	int err = root_memory_folder(root, "sys/class");

	if (!err)
		err = root_memory_file(root, "sys/devices/a/vendor", "0x8086\n", 7);
	if (!err)
		err = root_memory_file(root, "sys/devices/a/config.unreadable", "", 0);
	if (!err)
		err = root_memory_link(root, "sys/class/a", "../devices/a");
	return err;
}

static int use_memory(struct iof_ctx *ctx, struct arena *arena)
{
	struct root *root = NULL;
	const char *name, **names, *bytes;
	uint64_t value;
	size_t n;
	int err = root_memory(ctx, "x.tar", &root);

	if (!err)
		err = fill(root);
	if (!err)
		err = root_read_u64(root, "/sys/class/a/vendor", 16, &value);
	if (!err)
		err = root_list(root, arena, "/sys/class/a", &names, &n);
	if (!err)
		err = root_link_name(root, arena, "/sys/class/a", &name);
	if (!err) {
		err = root_read(root, arena, "/sys/class/a/config", 10, &bytes, &n);
		assert_true(err == -EACCES || err == -ENOMEM);
		err = err == -ENOMEM ? err : 0;
	}
	root_free(root);
	return err;
}

static int use_folder(struct iof_ctx *ctx, struct arena *arena)
{
	struct root *root = NULL;
	const char *line, *name, **names;
	size_t n;
	int err = root_folder(ctx, "/proc", &root);

	if (!err)
		err = root_read_line(root, arena, "/version", &line);
	if (!err)
		err = root_list(root, arena, "/1", &names, &n);
	if (!err)
		err = root_link_name(root, arena, "/mounts", &name);
	root_free(root);
	return err;
}

static int use_intervals(struct iof_ctx *ctx, struct arena *arena)
{
	struct interval_set set = {.arena = arena};
	uint64_t i;
	int err = 0;

	for (i = 0; !err && i < 100; i++)
		err = interval_add(&set, i * 16, i * 16 + 7);
	if (!err)
		err = interval_subtract(&set, 3, 3);
	if (!err)
		err = interval_intersect(&set, &(struct iof_range){0, 100}, 1);
	return err;
}

static int discard(void *data, const char *bytes, size_t length)
{
	return 0;
}

static int use_emit(struct iof_ctx *ctx, struct arena *arena)
{
	struct iof_output out = {sizeof(out), discard, NULL, IOF_FORMAT_JSON, 80, true, false};
	struct emit e;
	int err = iof_error_write(&out, 65, "text\n");

	if (err)
		return err;
	emit_begin(&e, &out);
	emit_text(&e, STYLE_BOLD, "%s", "text\n");
	emit_wrapped(&e, 2, "- ", "%s", "some more text\n");
	return emit_end(&e);
}

static int use_error(struct iof_ctx *ctx, struct arena *arena)
{
	ctx_fail(ctx, -EBADMSG, "%s", "reason");
	ctx_prefix(ctx, -EBADMSG, "%s", "file:1");
	if (inject_happened()) {
		assert_true(strlen(iof_ctx_error(ctx)) > 0);
		return -ENOMEM;
	}
	assert_string_equal(iof_ctx_error(ctx), "file:1: reason");
	return 0;
}

static const struct script_row {
	const char *name;
	int (*run)(struct iof_ctx *, struct arena *);
} scripts[] = {
	{"memory: archive", use_memory},      {"memory: folder", use_folder},
	{"memory: intervals", use_intervals}, {"memory: emitter", use_emit},
	{"memory: errors", use_error},
};

static int run_script(const struct script_row *row)
{
	struct iof_ctx *ctx = NULL;
	struct arena *arena = NULL;
	int err = iof_ctx_new(&ctx);

	if (!err) {
		arena = arena_new(64);
		err = arena ? row->run(ctx, arena) : -ENOMEM;
	}
	arena_free(arena);
	iof_ctx_unref(ctx);
	return err;
}

static void survives_without_memory(void **state)
{
	const struct script_row *row = *state;
	bool happened = true;
	unsigned long n;

	for (n = 1; happened; n++) {
		int alone, onwards;

		inject_failure(n, false);
		alone = run_script(row);
		happened = inject_happened();
		inject_failure(n, true);
		onwards = run_script(row);
		inject_failure(0, false);
		assert_int_equal(alone, happened ? -ENOMEM : 0);
		assert_int_equal(onwards, happened ? -ENOMEM : 0);
	}
	assert_true(n > 3);
}

int test_memory(void)
{
	return RUN_TABLE(scripts, survives_without_memory);
}
