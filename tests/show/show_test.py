#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""show_test.py SAMPLE SOURCE [--update]: every scene in every form. Text is compared with golden/ and keeps to its width,
JSON validates against its schema, SVG is well-formed and HTML valid, and nothing of a hostile name becomes markup."""
import base64
import hashlib
import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree

try:
    import jsonschema
except ImportError:
    jsonschema = None

SAMPLE, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
UPDATE = "--update" in sys.argv
GOLDEN = [("gpu-outside", 80), ("gpu-outside", 60), ("gpu-inside", 80), ("many-outside", 80), ("ram-outside", 60),
          ("no-device", 80), ("unknown", 80), ("hostile", 80), ("hostile", 60), ("edge", 80)]
SVG_ELEMENTS = {"svg", "title", "desc", "style", "defs", "pattern", "g", "rect", "line", "text"}
HTML_ELEMENTS = {"html", "head", "meta", "title", "style", "body", "main", "header", "footer", "section", "h1", "h2", "p", "dl",
                 "dt", "dd", "details", "summary", "div", "span", "pre", "samp", "ul", "li", "button", "figure", "figcaption",
                 "table", "caption", "thead", "tbody", "tr", "th", "td", "script", "svg", "defs", "pattern", "g", "rect",
                 "line", "text"}
HTML_ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "id", "aria-labelledby", "aria-label",
                   "aria-hidden", "aria-describedby", "role", "tabindex", "open", "type", "hidden", "data-copy", "scope",
                   "width", "height", "x", "y", "x1", "x2", "y1", "y2", "rx", "dx", "text-anchor", "transform",
                   "patternunits", "patterntransform"}


class Failure(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failure(text)


def sample(*arguments):
    result = subprocess.run([SAMPLE, *arguments], capture_output=True, check=False)
    expect(result.returncode == 0, f"status {result.returncode}: {result.stderr.decode(errors='replace')}")
    return result.stdout.decode()


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def is_clean(text):
    bad = re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", text)
    expect(not bad, f"a control character: {bad and text[max(0, bad.start() - 40):bad.end()]!r}")


def test_golden(scene, width):
    text = sample(scene, "text", str(width))
    path = SOURCE / f"tests/show/golden/{scene}-{width}.txt"
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    expect(path.exists() and path.read_text() == text, f"differs from {path}:\n{text}")


def test_text(scene):
    for width in (60, 80, 120):
        for more in ("", "verbose"):
            text = sample(scene, "text", str(width), more)
            is_clean(text)
            wide = [line for line in text.splitlines() if columns(line) > width and len(line.split()) > 1]
            # A name is one word and stays whole in a sentence.
            wide = [line for line in wide if max(map(columns, line.split())) < width // 2]
            expect(not wide, f"wider than {width}:\n" + "\n".join(wide))
            expect(all(line == line.rstrip() for line in text.splitlines()), "blanks at the end of a line")
    colour = sample(scene, "text", "80", "colour")
    expect(re.sub(r"\x1b\[\d*m", "", colour) == sample(scene, "text", "80"), "colour changes more than colour")


def test_check(scene):
    """check shows the picture if and only if something sticks out."""
    picture = re.search(r"^ +0 .*\n +\+-+.*\n(?:.*\n)*?  .*sticks out.*\n", sample(scene, "text"), re.M)
    text = sample(scene, "check")
    expect(("sticks out" in text) == bool(picture), text)
    expect(not picture or picture[0] in text, "not the picture of map")


def test_json(scene):
    answer = json.loads(sample(scene, "json"))
    kinds = {region["fits"] for region in answer["regions"]}
    expect(("no" in kinds) == ("outside" in scene or scene in ("hostile", "edge", "real")), kinds)
    if not jsonschema:
        return "python3-jsonschema is not installed"
    schema = json.loads((SOURCE / "docs/schema/map.json").read_text())
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(answer))
    expect(not errors, "\n".join(f"{list(e.absolute_path)}: {e.message}"[:300] for e in errors[:5]))
    return None


def test_schema_is_strict():
    if not jsonschema:
        return "python3-jsonschema is not installed"
    validator = jsonschema.Draft202012Validator(json.loads((SOURCE / "docs/schema/map.json").read_text()))
    for name, change in (("a region without its kind", lambda d: d["regions"][0].pop("kind")),
                         ("an unknown fit", lambda d: d["regions"][0].update(fits="maybe")),
                         ("outside of what fits", lambda d: d["regions"][0].update(fits="yes", outside=["0x0", "0x1"])),
                         ("no outside of what sticks out", lambda d: d["regions"][0].update(fits="no", outside=None)),
                         ("a decimal address", lambda d: d["regions"][0].update(start=0)),
                         ("half a range", lambda d: d.update(ranges=[["0x0"]])),
                         ("one member more", lambda d: d.update(more=1))):
        answer = json.loads(sample("gpu-outside", "json"))
        change(answer)
        expect(not validator.is_valid(answer), f"not seen: {name}")
    return None


def test_svg(scene):
    text = sample(scene, "svg")
    is_clean(text)
    tree = xml.etree.ElementTree.fromstring(text)
    names = {element.tag.split("}")[1] for element in tree.iter()}
    expect(names <= SVG_ELEMENTS, f"elements {names - SVG_ELEMENTS}")
    expect(tree.get("role") == "img" and tree.get("aria-labelledby") == "map-title map-desc", "no role or label")
    expect(not re.search(r'\s(on\w+|href|style)=', re.sub(r">[^<]*<", "><", text)), "an attribute that acts")
    expect("url(" not in text.replace("url(#hatch)", ""), "loads something")
    expect("prefers-color-scheme: dark" in text, "no dark form")
    if shutil.which("xmllint"):
        lint = subprocess.run(["xmllint", "--noout", "--nonet", "-"], input=text.encode(), capture_output=True, check=False)
        expect(lint.returncode == 0 and not lint.stderr, lint.stderr.decode())


class Page(html.parser.HTMLParser):
    """All elements and attributes, and the text of those that hold code."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.names, self.attributes, self.code, self.ids, self.uses = set(), set(), {}, [], []
        self.policy = ""
        self.inside = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        values = dict(attrs)
        self.attributes |= set(values)
        self.inside = tag
        self.ids += [values["id"]] if "id" in values else []
        for name in ("data-copy", "aria-labelledby", "aria-describedby"):
            self.uses += values.get(name, "").split()
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside in ("script", "style"):
            self.code.setdefault(self.inside, []).append(data)

    def handle_comment(self, data):
        raise Failure(f"a comment: {data}")


def digest(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def test_html(scene):
    text = sample(scene, "html")
    is_clean(text)
    page = Page(text)
    expect(page.names <= HTML_ELEMENTS, f"elements {page.names - HTML_ELEMENTS}")
    expect(page.attributes <= HTML_ATTRIBUTES, f"attributes {page.attributes - HTML_ATTRIBUTES}")
    expect(len(page.code["script"]) == 1 and len(page.code["style"]) == 2, "code that is not the page's own")
    expect(len(set(page.ids)) == len(page.ids), f"ids twice: {page.ids}")
    expect(set(page.uses) <= set(page.ids), f"no such id: {set(page.uses) - set(page.ids)}")
    expect(page.policy.startswith("default-src 'none'; ") and "unsafe" not in page.policy, page.policy)
    for code in page.code["script"] + page.code["style"]:
        expect(digest(code) in page.policy, f"the policy does not know {digest(code)}")
    expect(not re.search(r"https?://|url\((?!#hatch)|@import|src=(?!x )", text), "names something to load")
    if not shutil.which("tidy"):
        return "tidy is not installed"
    tidy = subprocess.run(["tidy", "-q", "-e", "-utf8"], input=text.encode(), capture_output=True, check=False)
    expect(not tidy.stderr, tidy.stderr.decode())
    return None


def rows():
    scenes = sample().split()
    for scene, width in GOLDEN:
        yield f"golden: {scene} at {width}", test_golden, scene, width
    for function in (test_text, test_check, test_json, test_svg, test_html):
        for scene in scenes:
            yield f"{function.__name__[5:]}: {scene}", function, scene
    yield "the schema is strict", test_schema_is_strict


def main():
    passed = failed = 0
    for name, function, *arguments in rows():
        try:
            skip = function(*arguments)
        except (Failure, json.JSONDecodeError, xml.etree.ElementTree.ParseError) as failure:
            failed += 1
            print(f"[  FAILED  ] {name}\n{failure}")
            continue
        if skip:
            print(f"[  SKIPPED ] {name}: {skip}")
            continue
        passed += 1
        print(f"[       OK ] {name}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
