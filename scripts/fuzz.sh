#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# scripts/fuzz.sh NAME EXECUTIONS [SECONDS]: run a fuzz target from its corpus, then print the line coverage of its parser.
# What is found new stays in $FUZZ_BUILD/corpus-NAME. The last line is "NAME: N executions, N findings, N % …".
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:?usage: scripts/fuzz.sh NAME EXECUTIONS [SECONDS]}
executions=${2:?usage: scripts/fuzz.sh NAME EXECUTIONS [SECONDS]}
seconds=${3:-0}
build=${FUZZ_BUILD:-build-fuzz}
clang=$(command -v clang-14 || command -v clang)
suffix=${clang##*/clang}

if [ ! -e "$build/build.ninja" ]; then
	CC=$clang meson setup "$build" -Dfuzz=true -Dbuildtype=debugoptimized -Db_lundef=false \
		-Db_sanitize=address,undefined -Dc_args=-fno-sanitize-recover=undefined >/dev/null
fi
ninja -C "$build" --quiet "fuzz/libfuzzer-$name"

work=$build/corpus-$name
log=$build/$name.log
mkdir -p "$work"
rm -f "$build/$name".*.profraw
program=$build/fuzz/libfuzzer-$name
status=0
dictionary=()
if [ -e "fuzz/$name.dict" ]; then
	dictionary=(-dict="fuzz/$name.dict")
fi
LLVM_PROFILE_FILE=$build/$name.run.profraw "$program" "$work" "fuzz/corpus/$name" \
	-runs="$executions" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=2048 -timeout=10 \
	"${dictionary[@]}" -artifact_prefix="$build/$name-" -print_final_stats=1 >"$log" 2>&1 || status=$?
# The coverage is that of the corpus afterwards: a crash leaves no profile.
LLVM_PROFILE_FILE=$build/$name.corpus.profraw "$program" -runs=0 -max_len=65536 "$work" \
	"fuzz/corpus/$name" >>"$log" 2>&1 || status=$?
done=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | head -n 1)
if [ $status != 0 ]; then
	tail -n 40 "$log"
fi

"llvm-profdata$suffix" merge -o "$build/$name.profdata" "$build/$name".*.profraw
# The parser is what stands in a line "parser: src/…", else what belongs to the headers that the target includes.
parsers=$(sed -n 's/.*parser: \(src\/[^*]*\).*/\1/p' "fuzz/fuzz_$name.c")
if [ -z "$parsers" ]; then
	for header in $(sed -n 's/^#include "\(.*\/.*\)\.h"/\1/p' "fuzz/fuzz_$name.c"); do
		[ "${header%%/*}" = base ] || [ ! -e "src/$header.c" ] || parsers="$parsers src/$header.c"
	done
fi
coverage=$("llvm-cov$suffix" export -summary-only -instr-profile="$build/$name.profdata" "$program" |
	python3 -c '
import json, sys
wanted = sys.argv[1:]
files = [f for f in json.load(sys.stdin)["data"][0]["files"] if f["filename"].endswith(tuple("/" + w for w in wanted))]
total = sum(f["summary"]["lines"]["count"] for f in files)
covered = sum(f["summary"]["lines"]["covered"] for f in files)
print("%.1f %% of the lines of %s" % (100 * covered / total if total else 0, " ".join(wanted)))
' $parsers)
echo "$name: ${done:-0} executions, $((status != 0)) findings, $coverage"
exit $status
