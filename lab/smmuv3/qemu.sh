#!/bin/sh
# qemu.sh SUITE ARGS...: run the qemu-system-aarch64 that fetch.sh unpacked, with that suite's own loader and libraries.
# SUITE "system" is the installed one.
set -eu

. "$(dirname "$0")/../suite.sh"
run_qemu "$lab/arm" qemu-system-aarch64 "$@"
