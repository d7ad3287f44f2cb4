#!/bin/sh
# qemu.sh SUITE ARGS...: run the qemu-system-aarch64 that fetch.sh unpacked, with that suite's own loader and libraries.
# SUITE "system" is the installed one.
set -eu

suite=$1
shift
[ "$suite" != system ] || exec qemu-system-aarch64 "$@"
root=${IOMMUFIT_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/iommufit-lab}/arm/$suite
lib=$root/usr/lib/x86_64-linux-gnu
export QEMU_MODULE_DIR="$lib/qemu"
exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$root/usr/bin/qemu-system-aarch64" \
	-L "$root/usr/share/qemu" -L "$root/usr/lib/ipxe/qemu" "$@"
