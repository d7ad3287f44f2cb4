#!/bin/sh
# fetch.sh [SUITE...]: unpack qemu-system-aarch64 and UEFI firmware of Debian's suites (default: bookworm trixie sid)
# beside the system, into $IOMMUFIT_LAB/arm (default ~/.cache/iommufit-lab/arm). Nothing gets installed; each QEMU runs
# through its own suite's loader and libraries (qemu.sh). A suite that is there already is left alone.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
lab=${IOMMUFIT_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/iommufit-lab}/arm
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mirror()
{
	cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
		sed -n 's/^URIs: *//p; s/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' | head -1
}

# Since Debian 13 the displays that need SPICE or OpenGL are in packages of their own.
packages()
{
	case $1 in
	bookworm) extra= ;;
	*) extra=,qemu-system-modules-spice,qemu-system-modules-opengl ;;
	esac
	echo "qemu-system-arm,qemu-efi-aarch64,ipxe-qemu,libc6$extra"
}

unpack()
{
	suite=$1
	root=$lab/$suite
	[ ! -e "$root/done" ] || return 0
	rm -rf "$root" "$root.tmp"
	mmdebstrap --quiet --variant=extract --architectures=amd64 --keyring="$keyring" \
		--include="$(packages "$suite")" --aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		"$suite" "$root.tmp" "deb [signed-by=$keyring] $(mirror) $suite main"
	rm -rf "$root.tmp"/usr/share/doc "$root.tmp"/usr/share/man "$root.tmp"/usr/share/locale "$root.tmp"/var
	# Bookworm's libc is still in /lib, without a link from /lib to /usr/lib.
	if [ -d "$root.tmp/lib" ] && [ ! -L "$root.tmp/lib" ]; then
		cp -a "$root.tmp/lib/x86_64-linux-gnu/." "$root.tmp/usr/lib/x86_64-linux-gnu/"
	fi
	mv "$root.tmp" "$root"
	touch "$root/done"
}

command -v mmdebstrap >/dev/null || { echo "fetch.sh: needs mmdebstrap" >&2; exit 1; }
mkdir -p "$lab"
[ $# -gt 0 ] || set -- bookworm trixie sid
for suite; do
	unpack "$suite"
	"$here/qemu.sh" "$suite" --version | head -1
done
