#!/bin/sh
# fetch.sh [SUITE...]: unpack QEMU, OVMF and SeaBIOS of Debian's suites (default: bookworm trixie sid) beside the
# system, into $IOMMUFIT_LAB (default ~/.cache/iommufit-lab). Nothing gets installed; each QEMU runs through its own
# suite's loader and libraries (qemu.sh). A suite that is there already is left alone.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../suite.sh"
fetch_qemus "$lab" qemu-system-x86,ovmf,seabios,ipxe-qemu,libc6 "$here" "$@"
