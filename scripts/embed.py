#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""embed.py OUT.c FILE...: files as C strings (page.css becomes page_css), with the hash by which a Content-Security-Policy
knows each (page_css_hash). Comments on lines of their own and indentation are left out, for a page needs none."""
import base64
import hashlib
import pathlib
import re
import sys


def literal(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(f'\t"{line}\\n"' for line in escaped.split("\n")[:-1])


def main():
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write('/* Made by scripts/embed.py. */\n#include "show/page.h"\n')
        for path in map(pathlib.Path, sys.argv[2:]):
            text = re.sub(r"^\s*/\*.*?\*/\n", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
            text = re.sub(r"^\t+", "", text, flags=re.M)
            if "</" in text:
                sys.exit(f"{path}: '</' would end the element that holds it")
            name = re.sub(r"\W", "_", path.name)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            out.write(f'\nconst char {name}[] =\n{literal(text)};\nconst char {name}_hash[] = "sha256-{digest}";\n')


main()
