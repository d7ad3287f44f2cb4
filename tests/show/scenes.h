/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scenes.h - maps to look at: a host, a command line, and regions that are put into the machine's
 * map in place of what a firmware would give, so that pictures can be tested alone.
 */
#ifndef TESTS_SHOW_SCENES_H
#define TESTS_SHOW_SCENES_H

#include <iommufit/report.h>

#include "../captures.h"

struct scene_region {
	enum iof_region_kind kind;
	const char *name;
	uint64_t first, size;
	const char *driver; /* of a BAR; NULL: of an assigned device */
	unsigned bar;
	bool is_mapped;
};

struct map_scene {
	const char *name;
	const char *capture;
	const char *line;
	const struct scene_region *regions; /* size 0 at the end; NULL: none */
	unsigned ports;			    /* so many root ports with a BAR each */
	const char *unplaced;		    /* why BARs are not placed */
	bool is_unknown;		    /* the host's ranges are not known */
	bool is_real;			    /* OVMF places the large BARs of a GPU */
};

extern const struct map_scene map_scenes[];
extern const size_t n_map_scenes;
const struct map_scene *map_scene_find(const char *name);

struct scene_run {
	struct iof_ctx *ctx;
	struct iof_host *host;
	struct iof_vm *vm;
	struct iof_machine *machine;
	struct iof_report *report;
};

/* Load, resolve, put the regions in, check. Aborts the program on a failure. */
struct scene_run scene_open(const struct map_scene *);
void scene_close(struct scene_run *);

#endif
