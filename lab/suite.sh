# SPDX-License-Identifier: LGPL-2.1-or-later
# What the labs that unpack Debian's suites beside the system share. To be sourced.
# shellcheck shell=sh
lab=${IOMMUFIT_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/iommufit-lab}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The Debian mirror of this machine's apt.
mirror()
{
	cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
		sed -n 's/^URIs: *//p; s/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' | head -1
}

# unpack ROOT SUITE PACKAGES [FINISH]: all of the suite's packages and what they depend on, or nothing. FINISH is a
# command that gets the folder before it is ROOT. One that is there already is left alone; of two at once the second
# waits for the first.
unpack()
(
	root=$1 suite=$2 packages=$3 finish=${4-:}
	command -v mmdebstrap >/dev/null || {
		echo "${0##*/}: needs mmdebstrap (scripts/deps.sh lab)" >&2
		exit 1
	}
	mkdir -p "${root%/*}"
	exec 9>"$root.lock"
	flock 9
	[ ! -e "$root/done" ] || exit 0
	trap 'rm -rf "$root.tmp"' EXIT
	trap 'exit 1' HUP INT TERM
	rm -rf "$root" "$root.tmp"
	mmdebstrap --quiet --variant=extract --architectures=amd64 --keyring="$keyring" --include="$packages" \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
		"$suite" "$root.tmp" "deb [signed-by=$keyring] $(mirror) $suite main" >&2
	"$finish" "$root.tmp"
	touch "$root.tmp/done"
	mv "$root.tmp" "$root"
)

# Since Debian 13 the displays that need SPICE or OpenGL are in packages of their own.
displays()
{
	[ "$1" = bookworm ] || echo ,qemu-system-modules-spice,qemu-system-modules-opengl
}

# What a QEMU runs by: less than its packages hold, with all libraries in one place.
for_qemu()
{
	rm -rf "$1/usr/share/doc" "$1/usr/share/man" "$1/usr/share/locale" "$1/var"
	# Bookworm's libc is still in /lib, without a link from /lib to /usr/lib.
	if [ -d "$1/lib" ] && [ ! -L "$1/lib" ]; then
		cp -a "$1/lib/x86_64-linux-gnu/." "$1/usr/lib/x86_64-linux-gnu/"
	fi
}

# fetch_qemus FOLDER PACKAGES HERE [SUITE...]: each into FOLDER/SUITE; says the version by HERE/qemu.sh.
fetch_qemus()
{
	folder=$1 packages=$2 here=$3
	shift 3
	[ $# -gt 0 ] || set -- bookworm trixie sid
	for suite; do
		unpack "$folder/$suite" "$suite" "$packages$(displays "$suite")" for_qemu
		"$here/qemu.sh" "$suite" --version | head -1
	done
}

# run_qemu FOLDER PROGRAM SUITE ARGS...: in place of this shell, with the suite's own loader and libraries. SUITE
# "system" is the installed one.
run_qemu()
{
	folder=$1 program=$2 suite=$3
	shift 3
	[ "$suite" != system ] || exec "$program" "$@"
	root=$folder/$suite
	lib=$root/usr/lib/x86_64-linux-gnu
	export QEMU_MODULE_DIR="$lib/qemu"
	exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$root/usr/bin/$program" \
		-L "$root/usr/share/qemu" -L "$root/usr/share/seabios" -L "$root/usr/lib/ipxe/qemu" "$@"
}
