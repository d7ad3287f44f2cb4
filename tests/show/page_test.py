#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""page_test.py SAMPLE: the map's page and picture in a real browser: keyboard, copying, details, colours, widths, and that
nothing is loaded. Status 77 (skipped) without Chromium."""
import os
import pathlib
import subprocess
import sys
import tempfile

import browser as chromium

SAMPLE = sys.argv[1]
WIDTHS = (360, 390, 768, 1280)
SCENES = ("gpu-outside", "gpu-inside", "width", "ram-outside", "many-outside", "hostile", "unknown", "edge", "real")

TOO_WIDE = """(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll("body *")].filter(e => {
        const r = e.getBoundingClientRect();
        return r.width && !e.closest(".spoken") && (r.right > width + 0.5 || r.left < -0.5);
    }).map(e => e.outerHTML.slice(0, 120));
    return document.documentElement.scrollWidth > width ? ["the page scrolls", ...wide] : wide;
})()"""
# Text that is shown, apart from what stands there only while a bar is looked at.
OVERLAPS = """(() => {
    const texts = [...document.querySelectorAll("svg text")].filter(t => {
        const style = getComputedStyle(t);
        return style.visibility === "visible" && style.display !== "none" && !t.closest(".detail") && t.textContent;
    }).map(t => [t.textContent, t.getBoundingClientRect()]);
    const found = [];
    texts.forEach(([a, x], i) => texts.slice(i + 1).forEach(([b, y]) => {
        if (x.left < y.right && y.left < x.right && x.top + 1 < y.bottom && y.top + 1 < x.bottom)
            found.push(a + " / " + b);
    }));
    return found;
})()"""
# WCAG 2 contrast of all text with what is painted behind it.
FAINT = """(() => {
    const channels = c => (c.match(/[\\d.]+/g) || []).map(Number);
    const light = c => channels(c).slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
    const behind = e => {
        for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if (channels(c)[3] !== 0)
                return c;
        }
        return "rgb(255, 255, 255)";
    };
    const beyond = document.querySelector(".beyond");
    return [...document.querySelectorAll("body *")].filter(e =>
        [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length &&
        !["SCRIPT", "STYLE", "style", "title", "desc"].includes(e.tagName)).flatMap(e => {
        const style = getComputedStyle(e);
        const back = [behind(e)];
        if (e.tagName === "text" && beyond)
            back.push(getComputedStyle(beyond).fill);
        return back.map(b => [ratio(e.tagName === "text" ? style.fill : style.color, b), e.textContent.slice(0, 40)]);
    }).filter(([r]) => r < 4.5).map(([r, t]) => r.toFixed(2) + ": " + t);
})()"""


class Failure(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Bench:
    def __init__(self, browser, folder):
        self.browser = browser
        self.folder = pathlib.Path(folder)
        self.passed = self.failed = 0

    def url(self, scene, form):
        path = self.folder / f"{scene}.{form}"
        if not path.exists():
            result = subprocess.run([SAMPLE, scene, form], stdout=subprocess.PIPE, check=True)
            path.write_bytes(result.stdout)
        return path.as_uri()

    def open(self, scene, form="html", **more):
        self.browser.open(self.url(scene, form), **more)

    def test(self, name, function, *arguments, **more):
        try:
            function(self, *arguments, **more)
        except (Failure, RuntimeError) as failure:
            self.failed += 1
            print(f"[  FAILED  ] {name}\n{failure}", flush=True)
            return
        self.passed += 1
        print(f"[       OK ] {name}", flush=True)


def expect_silence(bench, url):
    """Nothing on the console, and nothing was asked for but the page itself."""
    bench.browser.run("0")
    for event in bench.browser.events:
        method, params = event["method"], event["params"]
        expect(method not in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"), f"{method}: {params}")
        if method == "Network.requestWillBeSent":
            expect(params["request"]["url"] == url, f"asked for {params['request']['url']}")


def test_look(bench, scene, width, dark):
    bench.open(scene, width=width, dark=dark)
    run = bench.browser.run
    expect(not run(TOO_WIDE), f"wider than {width}: {run(TOO_WIDE)[:5]}")
    expect(not run(OVERLAPS), f"text over text: {run(OVERLAPS)[:5]}")
    expect(not run(FAINT), f"too faint: {run(FAINT)[:5]}")
    ground = run("getComputedStyle(document.body).backgroundColor")
    expect((sum(map(int, ground[4:-1].split(","))) < 200) == dark, f"the ground is {ground}")
    expect_silence(bench, bench.url(scene, "html"))


def test_picture(bench, scene, dark):
    bench.open(scene, "svg", width=1000, dark=dark)
    overlaps = bench.browser.run(OVERLAPS)
    expect(not overlaps, f"text over text: {overlaps[:5]}")
    fill = bench.browser.run("getComputedStyle(document.querySelector('.paper')).fill")
    expect((sum(map(int, fill[4:-1].split(","))) < 200) == dark, f"the paper is {fill}")
    expect_silence(bench, bench.url(scene, "svg"))


def test_keyboard(bench, scene):
    """Tab reaches all findings, buttons and bars in the order of the page; a bar that has the focus shows its details."""
    bench.open(scene)
    run, wanted = bench.browser.run, "summary, button, .piece"
    listed = f'[...document.querySelectorAll("{wanted}")].filter(e => e.checkVisibility())'
    run("document.querySelectorAll('.more').forEach(e => { e.open = true; })")
    count = run(f"{listed}.length")
    expect(count > 3, f"{count} things to reach")
    for i in range(count):
        bench.browser.tab()
        state = run(f"""(() => {{
            const all = {listed}, active = document.activeElement;
            const detail = active.querySelector(".detail");
            const shown = [...document.querySelectorAll(".detail")].filter(d => getComputedStyle(d).visibility === "visible");
            return {{index: all.indexOf(active), at: active.outerHTML.slice(0, 150), bar: active.matches(".piece"),
                     name: active.getAttribute("aria-label"), own: shown.length === 1 && shown[0] === detail,
                     shown: shown.length}};
        }})()""")
        expect(state["index"] == i, f"step {i} is at {state['at']}")
        expect(state["own"] and state["name"] if state["bar"] else not state["shown"], f"details of step {i}: {state}")


def test_finding_closes(bench):
    bench.open("width")
    bench.browser.tab()
    expect(bench.browser.run("document.activeElement.parentElement.open"), "the finding is closed")
    bench.browser.enter()
    expect(not bench.browser.run("document.activeElement.parentElement.open"), "the finding stays open")


def point(bench, selector):
    box = bench.browser.run(f"""(() => {{
        const e = document.querySelector({selector!r});
        e.scrollIntoView({{block: "center"}});
        const r = e.getBoundingClientRect();
        return [r.left + r.width / 2, r.top + r.height / 2];
    }})()""")
    return {"x": box[0], "y": box[1]}


SHOWN = "getComputedStyle(document.querySelector('.is-outside .piece .detail')).visibility"


def test_pointer(bench):
    bench.open("gpu-outside")
    expect(bench.browser.run(SHOWN) == "hidden", "shown before")
    place = point(bench, ".is-outside .piece .hit")
    bench.browser.call("Input.dispatchMouseEvent", type="mouseMoved", **place)
    expect(bench.browser.run(SHOWN) == "visible", "a pointer shows nothing")
    bench.browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    expect(bench.browser.run(SHOWN) == "hidden", "it stays")


def test_tap(bench):
    bench.open("gpu-outside", width=390)
    bench.browser.call("Emulation.setTouchEmulationEnabled", enabled=True)
    place = point(bench, ".is-outside .piece .hit")
    bench.browser.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[place])
    bench.browser.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    shown = bench.browser.run(f"new Promise(done => setTimeout(() => done({SHOWN}), 300))")
    bench.browser.call("Emulation.setTouchEmulationEnabled", enabled=False)
    expect(shown == "visible", "a tap shows nothing")


def test_copy(bench, scene, has_clipboard):
    """The button gives the fix to the letter; without the clipboard's interface by selecting it."""
    bench.open(scene)
    run = bench.browser.run
    if not has_clipboard:
        run("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        run("document.addEventListener('copy', () => { window.taken = String(getSelection()); })")
    expect(run("document.querySelectorAll('button').length") > 0, "no button")
    fix = run("document.getElementById(document.querySelector('button').dataset.copy).textContent")
    run("document.querySelector('button').focus()")
    bench.browser.enter()
    said = run("new Promise(done => setTimeout(() => done(document.getElementById('said').textContent), 300))")
    expect(said == "Copied.", f"it says {said!r}")
    taken = run("navigator.clipboard.readText()" if has_clipboard else "window.taken")
    expect(taken == fix and fix.startswith("-device "), f"{taken!r} instead of {fix!r}")
    expect("aw-bits=39" in fix, fix)
    expect_silence(bench, bench.url(scene, "html"))


def test_without_script(bench):
    bench.open("width", script=False)
    state = bench.browser.run("""[document.querySelector("button").hidden, getComputedStyle(document.querySelector("button")).display,
        document.querySelector("details").open, document.querySelectorAll(".piece").length > 3]""")
    expect(state == [True, "none", True, True], f"{state}")
    bench.browser.tab()
    bench.browser.tab()
    detail = bench.browser.run("getComputedStyle(document.activeElement.querySelector('.detail')).visibility")
    expect(detail == "visible", "no details without the script")


def test_hostile(bench):
    """Names are text, wherever they stand."""
    bench.open("hostile")
    state = bench.browser.run("""[document.scripts.length, document.querySelectorAll("img, u, b, i, a, iframe").length,
        document.body.textContent.includes("<script>alert(1)</scr" + "ipt> BAR 1"),
        [...document.querySelectorAll("[aria-label]")].some(e => e.getAttribute("aria-label").startsWith("<script>"))]""")
    expect(state == [1, 0, True, True], f"{state}")
    # The policy refuses what is put in later, too.
    done = bench.browser.run("""(() => { const s = document.createElement("script"); s.textContent = "window.hurt = 1";
        document.body.append(s); return window.hurt === undefined; })()""")
    expect(done, "the policy lets a script run")


def test_spoken(bench):
    """What a screen reader finds: a heading, named groups and bars, a table with headers."""
    bench.open("gpu-outside")
    nodes = bench.browser.call("Accessibility.getFullAXTree")["nodes"]
    found = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n["ignored"]]
    expect(any(role == "heading" and "gpu0 BAR 1" in name for role, name in found), "no heading with the answer")
    bars = [name for role, name in found if role in ("img", "image")]
    expect("gpu0 BAR 1, 0x382800000000 to 0x382bffffffff, 16 GiB, sticks out" in bars, f"bars: {bars}")
    expect(any(name.startswith("The host") for name in bars), f"bars: {bars}")
    roles = [role for role, _ in found]
    expect("main" in roles and "table" in roles and roles.count("rowheader") > 5, f"roles: {set(roles)}")
    unnamed = [role for role, name in found if role in ("button", "img", "image", "region") and not name]
    expect(not unnamed, f"without a name: {unnamed}")


def rows():
    for scene in SCENES:
        for width in WIDTHS:
            for dark in (False, True):
                yield f"{scene} at {width}, {'dark' if dark else 'light'}", test_look, scene, width, dark
        yield f"picture alone: {scene}", test_picture, scene, False
        yield f"keyboard: {scene}", test_keyboard, scene
    yield "picture alone in the dark", test_picture, "gpu-outside", True
    for scene in ("width", "hostile"):
        yield f"copy: {scene}", test_copy, scene, True
        yield f"copy without a clipboard: {scene}", test_copy, scene, False
    for function in (test_finding_closes, test_pointer, test_tap, test_without_script, test_hostile, test_spoken):
        yield function.__name__[5:].replace("_", " "), function


def main():
    program = chromium.find()
    if not program:
        print("Chromium is not installed: skipped (scripts/deps.sh ci installs it)")
        return 77
    with tempfile.TemporaryDirectory(prefix="iommufit-pages-") as folder, chromium.Browser(program) as browser:
        browser.session, session = None, browser.session
        browser.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        browser.session = session
        bench = Bench(browser, folder)
        only = os.environ.get("ONLY", "")
        for name, function, *arguments in rows():
            if only in name:
                bench.test(name, function, *arguments)
    print(f"{bench.passed} passed, {bench.failed} failed")
    return 1 if bench.failed or not bench.passed else 0


if __name__ == "__main__":
    sys.exit(main())
