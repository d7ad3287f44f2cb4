/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* map_svg.h - the picture that the page shares with the SVG. */
#ifndef SHOW_MAP_SVG_H
#define SHOW_MAP_SVG_H

#include "show/map_show.h"

/* Pixels that the picture is high. */
unsigned map_picture_height(const struct map_view *);
/* What stands inside the svg element. In a page each piece can be focused and shows its details. */
void map_picture_svg(struct emit *, const struct map_view *, bool in_page);

#endif
