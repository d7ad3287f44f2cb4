#!/bin/sh
# record.sh [SEED]: fetch QEMU and firmware, boot random configs, and write tests/data/firmware/{seabios,ovmf}.jsonl.xz.
# Takes an hour on two cores; can be stopped and run again, and then goes on where it was.
set -eu

seed=${1:-1}
here=$(cd "$(dirname "$0")" && pwd)
IOMMUFIT_LAB=${IOMMUFIT_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/iommufit-lab}
export IOMMUFIT_LAB
work=$IOMMUFIT_LAB/record
data=$here/../../tests/data/firmware

# record FAMILY COUNT RELEASE...
record()
{
	family=$1
	count=$2
	shift 2
	configs=$work/$family-$seed.configs
	"$here/draw.py" "$seed" "$count" "$@" >"$configs"
	"$here/boot.py" -j 2 -o "$work/$family-$seed.jsonl" <"$configs"
	"$here/pack.py" "$work/$family-$seed.jsonl" "$data/$family.jsonl.xz" <"$configs"
}

"$here/fetch.sh"
mkdir -p "$work" "$data"
echo "seed $seed"
record seabios 180 seabios=1.16.2 seabios=1.16.3 seabios=1.17.0
record ovmf 145 ovmf=202211 ovmf=202502 ovmf=202608
