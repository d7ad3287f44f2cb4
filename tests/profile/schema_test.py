#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""schema_test.py PROGRAM SCHEMA CAPTURES: what PROGRAM host --json says of every capture and of some catalogue hosts
validates against the schema, and the schema is strict enough to catch a mistake. A host that was asked is among them;
what was answered has a schema of its own (measured.json beside SCHEMA)."""
import copy
import json
import pathlib
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("SKIP: no python3-jsonschema here")
    sys.exit(77)

program, schema_path, captures = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
validator = jsonschema.Draft202012Validator(json.loads(pathlib.Path(schema_path).read_text()))
schemas = pathlib.Path(schema_path).parent
seeds = schemas.parent.parent / "fuzz/corpus"
hosts = sorted(str(p) for p in captures.glob("*.tar.xz")) + ["cpu:i7-13700k", "cpu:epyc-7763"]
hosts.append(str(seeds / "profile/arm-smmu-asked.json"))


def told(host):
    answer = subprocess.run([program, "host", "--json", "--host", host], capture_output=True, text=True)
    if answer.returncode:
        raise SystemExit(f"FAIL {host}: status {answer.returncode}: {answer.stdout}{answer.stderr}")
    return json.loads(answer.stdout)


def broken(document):
    """Mistakes that a schema has to see, each in a copy."""
    for change in (lambda d: d.pop("units"), lambda d: d.update(extra=1), lambda d: d["cpu"].update(phys_bits="39"),
                   lambda d: d["devices"][0].update(vendor="8086"), lambda d: d.update(iommu="vtd"),
                   lambda d: d["devices"][0]["iova"][0].update(ranges=[["0x0"]])):
        copied = copy.deepcopy(document)
        change(copied)
        yield copied


def answers_fit():
    """Answers that the reader takes fit, and such that it refuses do not. Returns how many were wrong."""
    answers = jsonschema.Draft202012Validator(json.loads((schemas / "measured.json").read_text()))
    wrong = 0
    for name in ("intel", "amd", "arm", "others", "errors", "smallest"):
        document = json.loads((seeds / f"measured/{name}.json").read_text())
        wrong += not answers.is_valid(document)
        document["devices"] = [{"bdf": "0000:00:05.0", "domains": {"plain": {"ranges": [["0", "1"]]}}}]
        wrong += answers.is_valid(document)
    return wrong


failed = answers_fit()
print("FAIL" if failed else "ok  ", "answers of the kernel")
for host in hosts:
    errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(told(host))]
    failed += bool(errors)
    print("FAIL" if errors else "ok  ", host.rsplit("/", 1)[-1], *errors[:3])
for number, document in enumerate(broken(told(hosts[0]))):
    seen = not validator.is_valid(document)
    failed += not seen
    print("ok  " if seen else "FAIL", "mistake", number, "is seen")
print(f"{len(hosts) + number + 2 - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
