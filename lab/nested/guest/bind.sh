# SPDX-License-Identifier: LGPL-2.1-or-later
# bind MATE BDF...: give devices to vfio-pci. MATE, if not "-", is a device that loses its driver and gets none.
bind() {
	mate=/sys/bus/pci/devices/$1
	[ ! -e "$mate/driver" ] || echo "$1" >"$mate/driver/unbind"
	shift
	for bdf; do
		device=/sys/bus/pci/devices/$bdf
		[ -e "$device" ] || continue
		[ ! -e "$device/driver" ] || echo "$bdf" >"$device/driver/unbind"
		echo vfio-pci >"$device/driver_override"
		echo "$bdf" >/sys/bus/pci/drivers_probe 2>/dev/null
	done
}
