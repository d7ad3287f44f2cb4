#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs with apt what is missing. build: to build and to test; ci: what .ci/run needs besides; lab: what lab/ does.
set -eu

build='gcc g++ libc6-dev make meson ninja-build pkg-config libjson-c-dev libarchive-dev liblzma-dev libzstd-dev libxml2-dev zlib1g-dev libcmocka-dev
	python3 python3-jsonschema binutils xz-utils'
ci='clang llvm libclang-rt-14-dev clang-format valgrind chromium fonts-dejavu-core libxml2-utils tidy
	qemu-system-x86 qemu-system-arm ovmf seabios libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu
	busybox-static kmod'
lab='mmdebstrap debian-archive-keyring flex bison bc libelf-dev kmod tar gcc-aarch64-linux-gnu libc6-dev-arm64-cross'

case "${1-build}" in
build) wanted=$build ;;
ci) wanted="$build $ci" ;;
lab) wanted="$build $lab" ;;
*)
	echo "usage: $0 [build|ci|lab]" >&2
	exit 64
	;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "no dpkg here: please install the equivalents of:" $wanted >&2
	exit 0
fi

missing=
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
[ "$(id -u)" = 0 ] || root=sudo
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -qq
# shellcheck disable=SC2086
$root apt-get install -y -qq --no-install-recommends $missing >/dev/null
