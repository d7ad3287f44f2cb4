#!/bin/sh
# qemu.sh SUITE ARGS...: run the QEMU that fetch.sh unpacked, with that suite's own loader and libraries.
# SUITE "system" is the installed one.
set -eu

. "$(dirname "$0")/../suite.sh"
run_qemu "$lab" qemu-system-x86_64 "$@"
