#!/bin/sh
# libvirt.sh SUITE: virsh of the system ("system"), or of a suite of Debian's that is unpacked beside the system on
# first use, reads commands from standard input. The driver runs inside virsh, without a daemon; no domain is started.
# As root, in a mount namespace of its own, so that answers do not depend on the host, with users that libvirt's
# packages would make.
set -eu

suite=$1
. "$(dirname "$0")/../suite.sh"
lab=$lab/libvirt
root=$lab/$suite
packages=libvirt-clients,libvirt-daemon,libvirt-daemon-driver-qemu,qemu-system-x86,qemu-system-arm,libc6

# What a root must have to be changed into.
for_chroot()
{
	for folder in bin sbin lib lib64; do
		[ -e "$1/$folder" ] || ln -s "usr/$folder" "$1/$folder"
	done
	mkdir -p "$1/dev" "$1/proc" "$1/sys" "$1/tmp" "$1/run"
}

if [ -z "${IOMMUFIT_INSIDE:-}" ]; then
	[ "$suite" = system ] || [ -d "$root" ] || unpack "$root" "$suite" "$packages" for_chroot
	IOMMUFIT_INSIDE=1 exec unshare -m "$0" "$@"
fi

work=$(mktemp -d)
trap 'rm -rf "$work/root" "$work/passwd" "$work/group"' EXIT
chmod 755 "$work"
printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\nlibvirt-qemu:x:64055:994::/:/bin/false\n' >"$work/passwd"
printf 'root:x:0:\nnogroup:x:65534:\ntty:x:5:\nlibvirt-qemu:x:994:\nkvm:x:993:\n' >"$work/group"

# Devices: no KVM, and what libvirt takes for a host with VFIO.
mkdir "$work/dev"
mount -t tmpfs none "$work/dev"
mkdir "$work/dev/net" "$work/dev/vfio" "$work/dev/shm"
: >"$work/dev/vfio/vfio"
for node in null zero full random urandom tty net/tun; do
	[ -e "/dev/$node" ] || continue
	: >"$work/dev/$node"
	mount --bind "/dev/$node" "$work/dev/$node"
done
mount -t tmpfs none /sys/kernel/iommu_groups
mkdir /sys/kernel/iommu_groups/0

if [ "$suite" = system ]; then
	for file in passwd group; do
		mount --bind "$work/$file" /etc/$file
	done
	mount --rbind "$work/dev" /dev
	LC_ALL=C.UTF-8 virsh -q -c "qemu:///embed?root=$work/root"
else
	cp "$work/passwd" "$work/group" "$root/etc/"
	mount --rbind "$work/dev" "$root/dev"
	mount --rbind /sys "$root/sys"
	mount --rbind /tmp "$root/tmp"
	mount -t proc proc "$root/proc"
	LC_ALL=C.UTF-8 chroot "$root" virsh -q -c "qemu:///embed?root=$work/root"
fi
