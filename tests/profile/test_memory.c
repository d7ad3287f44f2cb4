/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whichever allocation fails, the answer is -ENOMEM, and nothing leaks. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../captures.h"
#include "groups.h"
#include "host/capture.h"
#include "inject.h"

static struct {
	struct iof_ctx *ctx;
	char *profile;
	char *capture;
	size_t capture_length;
	struct root *root;
	struct iof_host *host;
} have;

static int load_profile(void)
{
	const char *devices[] = {"00:05.0", "02:01.0"};
	struct iof_host_options options = {
		.size = sizeof(options), .devices = devices, .n_devices = ARRAY_SIZE(devices)};
	struct iof_host *host;
	int err = iof_host_load_profile(have.ctx, have.profile, strlen(have.profile), "profile",
					&options, &host);

	iof_host_unref(host);
	return err;
}

static int write_as(enum iof_format format)
{
	struct buf text = {0};
	struct iof_output out = {.size = sizeof(out),
				 .write = append_output,
				 .data = &text,
				 .format = format,
				 .verbose = true};
	int err = iof_host_write(have.ctx, have.host, &out);

	buf_free(&text);
	return err;
}

static int write_json(void)
{
	return write_as(IOF_FORMAT_JSON);
}

static int write_text(void)
{
	return write_as(IOF_FORMAT_TEXT);
}

static int unpack_capture(void)
{
	struct root *root = NULL;
	int err = capture_root(have.ctx, have.capture, have.capture_length, "capture", &root);

	root_free(root);
	return err;
}

static int write_capture(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int err = capture_write(have.ctx, have.root, fd, "tar", NULL, NULL);

	close(fd);
	return err;
}

struct memory_row {
	const char *name;
	int (*run)(void);
	unsigned long step; /* above the first hundred allocations, to end in time */
};

static const struct memory_row rows[] = {
	{"load a profile", load_profile, 1},	{"write JSON", write_json, 1},
	{"write text", write_text, 1},		{"unpack a capture", unpack_capture, 7},
	{"write a capture", write_capture, 61},
};

static void fails_cleanly(void **state)
{
	const struct memory_row *row = *state;
	unsigned long n;
	bool happened = true;

	for (n = 1; happened; n += n < 100 ? 1 : row->step) {
		int err;

		inject_failure(n, false);
		err = row->run();
		happened = inject_happened();
		inject_failure(0, false);
		if (happened && err != -ENOMEM)
			print_error("allocation %lu: %d %s\n", n, err, iof_ctx_error(have.ctx));
		assert_int_equal(err, happened ? -ENOMEM : 0);
	}
}

/* One device that is there, and one that is not. */
static const char answers[] =
	"{\"schema\":\"iommufit.measured/1\",\"devices\":[{\"bdf\":\"00:05.0\",\"unit\":\"dmar0\","
	"\"domains\":{\"plain\":{\"ranges\":[[\"0x0\",\"0xfedfffff\"],[\"0xfef00000\","
	"\"0x7fffffffff\"]],\"alignment\":4096},\"nest-parent\":{\"errno\":95,\"call\":"
	"\"IOMMU_HWPT_ALLOC\"}},\"hw_info\":{\"type\":1,\"data\":\"01\"},\"viommu\":{\"errno\":95}}"
	","
	"{\"bdf\":\"7f:00.0\",\"unit\":\"dmar0\",\"domains\":{\"legacy\":{\"errno\":16}}}]}";

static struct iof_host *asked_host(void)
{
	struct iof_host_options options = {.size = sizeof(options),
					   .measured = answers,
					   .measured_length = sizeof(answers) - 1};
	char *path = test_path("captures/%s", "intel39-pb46.tar.xz");
	struct iof_host *host = NULL;

	assert_int_equal(iof_host_load_capture(have.ctx, path, &options, &host), 0);
	free(path);
	return host;
}

int test_memory(void)
{
	int failed;

	have.ctx = new_context();
	have.host = asked_host();
	have.profile = rendered(have.ctx, have.host, IOF_FORMAT_JSON, false);
	have.capture = read_capture("arm-none.tar.xz", &have.capture_length);
	have.root = load_capture_root(have.ctx, "intel39-pb46.tar.xz");
	assert_int_equal(root_memory_file(have.root, "/run/iommufit/measured.json", answers,
					  sizeof(answers) - 1),
			 0);
	failed = RUN_TABLE(rows, fails_cleanly);
	root_free(have.root);
	free(have.profile);
	iof_host_unref(have.host);
	iof_ctx_unref(have.ctx);
	free(have.capture);
	return failed;
}
