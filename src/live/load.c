/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load.c - asks a running QEMU, one question after the other. Every command here only reads. */
#include "live/facts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "live/socket.h"

#define TIMEOUT_MS 5000
#define MAX_TIMEOUT_MS 600000

struct iof_live *live_new(struct iof_ctx *ctx)
{
	struct iof_live *live = calloc(1, sizeof(*live));

	if (live)
		live->arena = arena_new(16384);
	if (!live || !live->arena) {
		free(live);
		iof_ctx_error_set(ctx, -ENOMEM, "out of memory");
		return NULL;
	}
	live->refs = 1;
	live->kvm = -1;
	return live;
}

IOF_EXPORT struct iof_live *iof_live_ref(struct iof_live *live)
{
	if (live)
		__atomic_add_fetch(&live->refs, 1, __ATOMIC_RELAXED);
	return live;
}

IOF_EXPORT struct iof_live *iof_live_unref(struct iof_live *live)
{
	if (!live || __atomic_sub_fetch(&live->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return NULL;
	arena_free(live->arena);
	free(live);
	return NULL;
}

IOF_EXPORT uint64_t iof_live_pid(const struct iof_live *live)
{
	return live->pid;
}

IOF_EXPORT const char *iof_live_version(const struct iof_live *live)
{
	return live->version;
}

void *live_add(struct iof_live *live, const struct qmp *q, const char *command, void **items,
	       struct live_list *list, size_t size, int *err)
{
	void *grown;

	if (list->n >= LIVE_MAX_ITEMS) {
		*err = qmp_bad(q, command, "the answer has too many items");
		return NULL;
	}
	grown = arena_grow(live->arena, *items, list->n, &list->cap, size);
	if (!grown) {
		*err = -ENOMEM;
		return NULL;
	}
	*items = grown;
	return (char *)grown + list->n++ * size;
}

const struct json_value *member_of(const struct json_value *object, const char *key,
				   enum json_type type)
{
	const struct json_value *value =
		object && object->type == JSON_OBJECT ? json_member(object, key) : NULL;

	return value && value->type == type ? value : NULL;
}

const char *live_text(struct iof_live *live, const struct json_value *object, const char *key,
		      int *err)
{
	const struct json_value *value = member_of(object, key, JSON_STRING);
	const char *copy = value ? arena_strdup(live->arena, value->text) : NULL;

	if (value && !copy)
		*err = -ENOMEM;
	return copy;
}

bool member_number(const struct json_value *object, const char *key, uint64_t max, uint64_t *out)
{
	const struct json_value *value = member_of(object, key, JSON_INTEGER);

	if (!value || value->is_negative || value->number > max)
		return false;
	*out = value->number;
	return true;
}

/* {"qemu": {"major": 10, "minor": 0, "micro": 13}, "package": "Debian ..."} */
static int take_version(struct iof_live *live, struct qmp *q, const struct json_value *answer)
{
	const struct json_value *qemu = member_of(answer, "qemu", JSON_OBJECT);
	const struct json_value *package = member_of(answer, "package", JSON_STRING);
	bool has_package = package && package->n;
	uint64_t major, minor, micro;

	if (!member_number(qemu, "major", 9999, &major) ||
	    !member_number(qemu, "minor", 9999, &minor) ||
	    !member_number(qemu, "micro", 9999, &micro))
		return qmp_bad(q, "query-version", "no version in the answer");
	live->version = arena_printf(live->arena, "%" PRIu64 ".%" PRIu64 ".%" PRIu64 "%s%.128s%s",
				     major, minor, micro, has_package ? " (" : "",
				     has_package ? package->text : "", has_package ? ")" : "");
	return live->version ? 0 : -ENOMEM;
}

static int take_status(struct iof_live *live, struct qmp *q, const struct json_value *answer)
{
	int err = 0;

	live->status = live_text(live, answer, "status", &err);
	if (!err && !live->status)
		return qmp_bad(q, "query-status", "no status in the answer");
	return err;
}

static int take_name(struct iof_live *live, struct qmp *q UNUSED, const struct json_value *answer)
{
	int err = 0;

	live->vm_name = live_text(live, answer, "name", &err);
	return err;
}

static int take_kvm(struct iof_live *live, struct qmp *q, const struct json_value *answer)
{
	const struct json_value *enabled = member_of(answer, "enabled", JSON_BOOL);

	if (!enabled)
		return qmp_bad(q, "query-kvm", "'enabled' is no boolean");
	live->kvm = enabled->boolean;
	return 0;
}

static int take_cpus(struct iof_live *live, struct qmp *q, const struct json_value *answer)
{
	int err = 0;

	if (answer->type != JSON_ARRAY)
		return qmp_bad(q, "query-cpus-fast", "the answer is no list");
	live->n_cpus = answer->n;
	if (!answer->n)
		return 0;
	live->cpu_path = live_text(live, &answer->items[0], "qom-path", &err);
	live->cpu_type = live_text(live, &answer->items[0], "qom-type", &err);
	if (!err && !live->cpu_path)
		return qmp_bad(q, "query-cpus-fast", "a CPU without its place");
	return err;
}

/* "/objects/mem0" -> "mem0" */
static const char *last_part(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

static int take_memory_device(struct iof_live *live, struct qmp *q, const struct json_value *item)
{
	static const char command[] = "query-memory-devices";
	const struct json_value *data = member_of(item, "data", JSON_OBJECT);
	struct live_memory *memory;
	int err = 0;

	if (!data)
		return qmp_bad(q, command, "a device without data");
	memory = LIVE_ADD(live, q, command, memories, memory_list, &err);
	if (!memory)
		return err;
	memory->device = live_text(live, data, "id", &err);
	memory->backend = last_part(live_text(live, data, "memdev", &err));
	memory->address = UINT64_MAX;
	/* virtio-mem and virtio-pmem call it memaddr */
	if (!member_number(data, "addr", UINT64_MAX, &memory->address))
		member_number(data, "memaddr", UINT64_MAX, &memory->address);
	if (!member_number(data, "max-size", UINT64_MAX, &memory->size))
		member_number(data, "size", UINT64_MAX, &memory->size);
	return err;
}

static int take_memory_devices(struct iof_live *live, struct qmp *q,
			       const struct json_value *answer)
{
	int err = 0;

	if (answer->type != JSON_ARRAY)
		return qmp_bad(q, "query-memory-devices", "the answer is no list");
	for (size_t i = 0; !err && i < answer->n; i++)
		err = take_memory_device(live, q, &answer->items[i]);
	return err;
}

static int take_memory_size(struct iof_live *live, struct qmp *q, const struct json_value *answer)
{
	live->has_base_memory =
		member_number(answer, "base-memory", UINT64_MAX, &live->base_memory);
	return live->has_base_memory
		       ? 0
		       : qmp_bad(q, "query-memory-size-summary", "'base-memory' is no size");
}

static int take_compat(struct iof_live *live, struct qmp *q, const struct json_value *list)
{
	int err = 0;

	for (size_t i = 0; !err && i < list->n; i++) {
		struct live_compat *c =
			LIVE_ADD(live, q, "query-machines", compat, compat_list, &err);

		if (!c)
			return err;
		c->type = live_text(live, &list->items[i], "qom-type", &err);
		c->property = live_text(live, &list->items[i], "property", &err);
		c->value = live_text(live, &list->items[i], "value", &err);
		if (!err && (!c->type || !c->property || !c->value))
			err = qmp_bad(q, "query-machines",
				      "a default without type, property or value");
	}
	return err;
}

static int take_machines(struct iof_live *live, struct qmp *q, const struct json_value *answer)
{
	if (answer->type != JSON_ARRAY)
		return qmp_bad(q, "query-machines", "the answer is no list");
	for (size_t i = 0; live->machine && i < answer->n; i++) {
		const struct json_value *name = member_of(&answer->items[i], "name", JSON_STRING);
		const struct json_value *list =
			member_of(&answer->items[i], "compat-props", JSON_ARRAY);

		if (!name || !list || !str_eq(name->text, live->machine))
			continue;
		live->has_compat = true;
		return take_compat(live, q, list);
	}
	return 0;
}

/* "pc-q35-10.0-machine" -> "pc-q35-10.0" */
static int ask_machine(struct iof_live *live, struct qmp *q)
{
	static const char suffix[] = "-machine";
	const char *type;
	int err = live_ask_property(live, q, "/machine", "type", &type);
	size_t length;

	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	length = strlen(type);
	if (length > strlen(suffix) && str_eq(type + length - strlen(suffix), suffix))
		length -= strlen(suffix);
	live->machine = arena_strndup(live->arena, type, length);
	return live->machine ? 0 : -ENOMEM;
}

/* What is asked without arguments; an answer that this QEMU does not give is passed over. */
static const struct question {
	const char *command;
	int (*take)(struct iof_live *, struct qmp *, const struct json_value *answer);
	bool is_needed;
} questions[] = {
	{"query-version", take_version, true},
	{"query-status", take_status, true},
	{"query-name", take_name, false},
	{"query-kvm", take_kvm, false},
	{"query-cpus-fast", take_cpus, false},
	{"query-memory-devices", take_memory_devices, false},
	{"query-memory-size-summary", take_memory_size, false},
};

static int ask(struct iof_live *live, struct qmp *q, const struct question *question)
{
	const struct json_value *answer;
	int err = qmp_ask(q, question->command, NULL, &answer);

	if (err || (!answer && !question->is_needed))
		return err;
	if (!answer)
		return qmp_bad(q, question->command, "refused");
	return question->take(live, q, answer);
}

/* Since QEMU 9.1; before, the argument is refused. */
static int ask_compat(struct iof_live *live, struct qmp *q)
{
	static const char *const arguments[] = {"compat-props", QMP_RAW "true", NULL};
	const struct json_value *answer;
	int err = qmp_ask(q, "query-machines", arguments, &answer);

	return err || !answer ? err : take_machines(live, q, answer);
}

int live_ask_all(struct iof_live *live, struct qmp *q)
{
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(questions); i++)
		err = ask(live, q, &questions[i]);
	if (!err)
		err = ask_machine(live, q);
	if (!err)
		err = ask_compat(live, q);
	if (!err)
		err = live_ask_cpu(live, q);
	if (!err)
		err = live_ask_devices(live, q);
	if (!err)
		err = live_ask_pci(live, q);
	if (err == -ENOMEM)
		live_fail(q->ctx, err, q->name, "out of memory");
	return err;
}

static int load(struct iof_live *live, struct line_socket *s)
{
	struct qmp q = {.ctx = s->ctx,
			.name = s->name,
			.wire = {socket_send, socket_receive, s},
			.arena = arena_new(65536)};
	int err = q.arena ? qmp_open(&q) : -ENOMEM;

	live->pid = socket_peer(s);
	live->name = arena_strdup(live->arena, s->name);
	if (!err && !live->name)
		err = -ENOMEM;
	if (!err)
		err = live_ask_all(live, &q);
	arena_free(q.arena);
	return err;
}

IOF_EXPORT int iof_live_load_qmp(struct iof_ctx *ctx, const char *socket,
				 const struct iof_live_options *options, struct iof_live **out)
{
	unsigned timeout = options && options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
	struct line_socket s;
	struct iof_live *live = live_new(ctx);
	int err;

	*out = NULL;
	if (!live)
		return -ENOMEM;
	err = socket_open(&s, ctx, socket, timeout < MAX_TIMEOUT_MS ? timeout : MAX_TIMEOUT_MS);
	if (!err)
		err = load(live, &s);
	socket_close(&s);
	if (err)
		iof_live_unref(live);
	else
		*out = live;
	return err;
}
