/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* page.h - the style sheets and the script that stand in pages and pictures (scripts/embed.py). */
#ifndef SHOW_PAGE_H
#define SHOW_PAGE_H

/* Colours for light and dark, and the picture. */
extern const char picture_css[];
/* The page around it. The hashes are for its Content-Security-Policy. */
extern const char page_css[], page_js[];
extern const char picture_css_hash[], page_css_hash[], page_js_hash[];

#endif
