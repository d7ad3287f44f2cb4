#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages of docs/rules: from the catalogue (iommufit rules --json), the rules' test cases (test-rules --examples) and
what is written by hand in docs/rules/notes/ID.md. --check says what differs instead of writing."""
import argparse
import json
import pathlib
import shlex
import subprocess
import sys

CONFIRMED = {
    "lab": "seen with real QEMU on real kernels",
    "report": "described in public reports",
    "source": "read in the source, never seen",
}
EFFECTS = {
    "note": "is noted", "warns": "QEMU warns and goes on", "stops": "QEMU stops, or refuses the device",
    "kills": "QEMU aborts", "degrades": "some DMA is lost", "breaks": "DMA cannot work", "blocks": "migration is blocked",
}
MADE = "<!-- Made by scripts/gen-rules.py from the catalogue and the test cases; write into notes/ instead. -->\n"


def ask(command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"{' '.join(command)}: {result.stderr or result.returncode}")
    return json.loads(result.stdout)


def cell(text):
    return text.replace("|", "\\|").replace("\n", "<br>")


def code(text):
    return "<br>".join(f"`{line}`" for line in text.split("\n")).replace("|", "\\|")


def vmm_name(rule):
    return "Cloud Hypervisor" if rule["vmm"] == "cloud-hypervisor" else "QEMU"


def with_version(case):
    """\"11.1\" is QEMU's, others say their name."""
    return "Cloud Hypervisor " + case["qemu"].split("=")[1] if "=" in case["qemu"] else "QEMU " + case["qemu"]


def tested_with(rule, case):
    """The version; with the name where it is not the column's."""
    is_own = ("=" in case["qemu"]) == (rule["vmm"] == "cloud-hypervisor")
    return case["qemu"].split("=")[-1] if is_own else with_version(case)


def span(step):
    if step["since"] and step["until"]:
        return f"{step['since']} to before {step['until']}"
    if step["since"]:
        return f"{step['since']} and later"
    return f"before {step['until']}" if step["until"] else "all"


def steps_table(rule):
    """What the catalogue knows by version; places in braces are filled in."""
    name = vmm_name(rule)
    lines = [f"| {name} | when | effect | message |", "|---|---|---|---|"]
    for step in rule["steps"]:
        message = code(step["message"]) if step["message"] else "(nothing)"
        lines.append(f"| {span(step)} | {step['when']} | {EFFECTS[step['effect']].replace('QEMU', name)} | {message} |")
    return "\n".join(lines) + "\n"


def cases_table(rule, cases):
    lines = [f"| case | {vmm_name(rule)} | outcome | messages |", "|---|---|---|---|"]
    for case in cases:
        message = code(case["messages"]) if case["messages"] else "(none)"
        lines.append(f"| {cell(case['name'])} | {tested_with(rule, case)} | {case['outcome']} | {message} |")
    return "\n".join(lines) + "\n"


def wrapped(line):
    """A command line as people write it, an option on each line; a manager's config as it is."""
    if line.endswith("\n"):
        return f"```{'xml' if line.startswith('<') else 'ini'}\n{line}```\n"
    words, lines = shlex.split(line), []
    for word in words:
        if word.startswith("-") and not word[1:2].isdigit():
            lines.append(shlex.quote(word))
        elif lines and lines[-1].startswith("-") and " " not in lines[-1]:
            lines[-1] += " " + shlex.quote(word)
        else:
            lines.append(shlex.quote(word))
    return "```sh\n" + " \\\n\t".join(lines) + "\n```\n"


def cure(rule, example):
    if "commands" not in example:
        return (rule["advice"] or "There is none that could be written into the config.") + "\n"
    text = f"{example['consequence']}\n\n" if example["consequence"] else ""
    if example["commands"]:
        text += "On the host:\n\n```sh\n" + "\n".join(example["commands"]) + "\n```\n"
    if example["after"]:
        text += wrapped(example["after"])
    if example["plugged"]:
        text += "\nThen plugged:\n\n```sh\n" + "\n".join(example["plugged"]) + "\n```\n"
    return text


def page(rule, tested, note):
    example = tested["example"]
    plug = f"\nThen plugged: `{example['plug']}`\n" if example["plug"] else ""
    parts = [
        f"# {rule['id']}\n\n{MADE}\n**{rule['title']}** ({rule['severity']}; {rule['versions']})\n",
        f"{note.strip()}\n" if note else None,
        f"## Example\n\nWith {with_version(example)}:\n\n{wrapped(example['before'])}{plug}\n"
        f"{example['what']}\n\n{example['because']}\n",
        f"## Cure\n\n{cure(rule, example)}",
        f"## What {vmm_name(rule)} says, by version\n\n{steps_table(rule)}" if rule["steps"] else None,
        f"## Tested\n\n{cases_table(rule, tested['cases'])}",
        f"## How it is known\n\n{rule['source']}: {CONFIRMED[rule['confirmed']]}.\n",
    ]
    return "\n".join(part for part in parts if part)


def index(rules):
    lines = ["# The rules\n", MADE, "`iommufit check` names the rule behind each finding; `iommufit rules ID` prints it.\n"]
    family = None
    for rule in sorted(rules, key=lambda r: r["id"]):
        if rule["id"].split(".")[0] != family:
            family = rule["id"].split(".")[0]
            lines.append(f"\n## {family}\n\n| rule | severity | what is wrong |\n|---|---|---|")
        lines.append(f"| [{rule['id']}]({rule['id']}.md) | {rule['severity']} | {cell(rule['title'])} |")
    return "\n".join(lines) + "\n"


def make_pages(folder, rules, tested):
    """Name: text; and what is wrong with the material."""
    pages, wrong = {"README.md": index(rules)}, []
    ids = {rule["id"] for rule in rules}
    for rule in rules:
        note = folder / "notes" / f"{rule['id']}.md"
        if rule["id"] not in tested:
            wrong.append(f"{rule['id']}: no test case where it fires")
            continue
        pages[f"{rule['id']}.md"] = page(rule, tested[rule["id"]], note.read_text() if note.exists() else None)
    wrong += [f"notes/{note.name}: no such rule" for note in (folder / "notes").glob("*.md") if note.stem not in ids]
    return pages, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", required=True, help="the iommufit program")
    parser.add_argument("--cases", required=True, help="the test-rules program")
    parser.add_argument("--folder", required=True, type=pathlib.Path, help="docs/rules")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    rules = ask([args.tool, "rules", "--json"])["rules"]
    pages, wrong = make_pages(args.folder, rules, ask([args.cases, "--examples"]))
    for old in sorted(args.folder.glob("*.md")):
        if old.name not in pages:
            if args.check:
                wrong.append(f"{old.name}: no such rule")
            else:
                old.unlink()
    for name, text in pages.items():
        path = args.folder / name
        if path.exists() and path.read_text() == text:
            continue
        if args.check:
            wrong.append(f"{name}: differs from the catalogue (meson compile rule-pages makes it anew)")
        else:
            path.write_text(text)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
