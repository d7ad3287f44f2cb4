/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample.c - prints a scene's map: map-sample SCENE text|json|svg|html|check [COLUMNS] [verbose] */
#include "scenes.h"

static int print(void *data, const char *bytes, size_t length)
{
	return fwrite(bytes, 1, length, data) == length ? 0 : -1;
}

int main(int argc, char **argv)
{
	static const char *const forms[] = {"text", "json", "svg", "html"};
	const struct map_scene *scene = argc > 2 ? map_scene_find(argv[1]) : NULL;
	struct iof_output out = {.size = sizeof(out), .write = print, .data = stdout};
	struct scene_run run;
	int err;

	if (!scene) {
		for (size_t i = 0; i < n_map_scenes; i++)
			puts(map_scenes[i].name);
		return argc > 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (str_eq(argv[2], forms[i]))
			out.format = (enum iof_format)i;
	}
	out.columns = argc > 3 ? (unsigned)atoi(argv[3]) : 80;
	out.verbose = argc > 4 && str_eq(argv[4], "verbose");
	out.colour = argc > 4 && str_eq(argv[4], "colour");
	run = scene_open(scene);
	err = str_eq(argv[2], "check") ? iof_report_write(run.ctx, run.report, &out)
				       : iof_map_write(run.ctx, run.report, &out);
	if (err)
		fprintf(stderr, "%d: %s\n", err, iof_ctx_error(run.ctx));
	scene_close(&run);
	return err != 0;
}
