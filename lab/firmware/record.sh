#!/bin/sh
# record.sh [SEED]: fetch QEMU and firmware, boot random configs, and write tests/data/firmware/{seabios,ovmf,rare,crowded}.jsonl.xz.
# Takes an hour or more on two cores; can be stopped and run again, and then goes on where it was.
set -eu

seed=${1:-1}
here=$(cd "$(dirname "$0")" && pwd)
IOMMUFIT_LAB=${IOMMUFIT_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/iommufit-lab}
export IOMMUFIT_LAB
work=$IOMMUFIT_LAB/record
data=$here/../../tests/data/firmware
seabios='seabios=1.16.2 seabios=1.16.3 seabios=1.17.0'
ovmf='ovmf=202211 ovmf=202502 ovmf=202608'

# record FAMILY <configs
record()
{
	configs=$work/$1-$seed.configs
	cat >"$configs"
	"$here/boot.py" -j 2 -o "$work/$1-$seed.jsonl" <"$configs"
	"$here/pack.py" "$work/$1-$seed.jsonl" "$data/$1.jsonl.xz" <"$configs"
}

"$here/fetch.sh"
mkdir -p "$work" "$data"
echo "seed $seed"
# shellcheck disable=SC2086 # lists
"$here/draw.py" "$seed" 180 $seabios | record seabios
# The last of a seed are wide: more of the ordinary kind come from another one.
# shellcheck disable=SC2086
{ "$here/draw.py" "$seed" 150 $ovmf && "$here/draw.py" $((seed + 1)) 40 $ovmf; } | record ovmf
# shellcheck disable=SC2086
{
	"$here/draw_rare.py" "$seed" 60 $seabios
	"$here/draw_rare.py" $((seed + 1)) 50 $seabios
	"$here/draw_rare.py" $((seed + 8)) 40 $seabios
	"$here/draw_rare.py" $((seed + 2)) 16 $ovmf
	"$here/draw_rare.py" $((seed + 4)) 14 $ovmf
	"$here/draw_rare.py" $((seed + 4710)) 4 $ovmf
} | record rare
# shellcheck disable=SC2086
"$here/draw_crowded.py" "$seed" 20 $ovmf | record crowded
