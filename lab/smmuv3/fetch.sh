#!/bin/sh
# fetch.sh [SUITE...]: unpack qemu-system-aarch64 and UEFI firmware of Debian's suites (default: bookworm trixie sid)
# beside the system, into $IOMMUFIT_LAB/arm (default ~/.cache/iommufit-lab/arm). Nothing gets installed; each QEMU runs
# through its own suite's loader and libraries (qemu.sh). A suite that is there already is left alone.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../suite.sh"
fetch_qemus "$lab/arm" qemu-system-arm,qemu-efi-aarch64,ipxe-qemu,libc6 "$here" "$@"
