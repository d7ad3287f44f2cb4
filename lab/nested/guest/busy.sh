# SPDX-License-Identifier: LGPL-2.1-or-later
# lab run-job HOST lab/nested/guest/busy.sh: probe --bind refuses what is in use, and is interrupted; every device stays as
# it was. Wants the lab's own devices with drivers of the kernel's.
passed=0 failed=0

state() {
	for device in /sys/bus/pci/devices/*; do
		echo "$device $(readlink "$device/driver") $(cat "$device/driver_override" "$device/power/control" 2>/dev/null)"
	done
}

ok() {
	passed=$((passed + 1))
	echo "[       OK ] $1"
}

wrong() {
	failed=$((failed + 1))
	echo "[  FAILED  ] $1: $2"
}

# NAME STATUS TEXT COMMAND...
expect() {
	name=$1 wanted=$2 text=$3
	shift 3
	before=$(state)
	"$@" >/tmp/out 2>&1 </dev/null
	got=$?
	if [ "$(state)" != "$before" ]; then
		wrong "$name" "devices have changed"
	elif [ -e /run/iommufit/journal ]; then
		wrong "$name" "a journal is left"
	elif [ $got != "$wanted" ]; then
		wrong "$name" "status $got: $(cat /tmp/out)"
	elif ! grep -q "$text" /tmp/out; then
		wrong "$name" "$(cat /tmp/out)"
	else
		ok "$name: $(head -n 1 /tmp/out)"
	fi
}

probe() {
	"$IOMMUFIT" probe --bind --yes --no-keep "$@"
}

as_user() {
	python3 -c 'import os, sys; os.setgid(1000); os.setuid(1000); os.execv(sys.argv[1], sys.argv[1:])' "$@"
}

# The driver looks for disks in the background, and may count on.
disk() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		for path in "/sys/bus/pci/devices/$1/nvme/"nvme*/nvme*n1; do
			[ -e "/dev/${path##*/}" ] && echo "/dev/${path##*/}" && return
		done
		sleep 1
	done
}

interface() {
	ls "/sys/bus/pci/devices/$1/net"
}

hold() {
	sleep 1000 <"$1" &
	holder=$!
	sleep 1
}

nic=0000:00:05.0 nvme=0000:00:09.0 rng=0000:00:0a.1 bridge=0000:00:0c.0 share=0000:00:10.0
one=0000:02:01.0 mate=0000:02:02.0
uname -r

expect "idle: interface" 0 "bits" probe $nic
expect "idle: disk" 0 "bits" probe $nvme
expect "idle: virtio" 0 "bits" probe $rng
expect "idle: group of two" 0 "bits" probe $one
expect "two devices" 0 "bits" probe $nic $nvme
expect "file system" 71 "mounted" probe $share
expect "bridge" 64 "bridge" probe $bridge
expect "no terminal" 77 "terminal" "$IOMMUFIT" probe --bind --no-keep $nic
expect "not root" 77 "root" as_user "$IOMMUFIT" probe --bind --yes --no-keep $nic

ip link set "$(interface $nic)" up
expect "interface up" 71 "is up" probe $nic
ip link set "$(interface $nic)" down

ip link set "$(interface $mate)" up
expect "mate up" 71 "$mate: interface" probe $one
ip link set "$(interface $mate)" down

hold "$(disk $nvme)"
expect "disk held open" 71 "held open by sleep" probe $nvme
kill $holder

mkdir -p /run/iommufit
flock /run/iommufit/lock sleep 1000 &
sleep 1
expect "locked" 71 "another probe" probe $nic
kill %%
killall sleep 2>/dev/null

: >/run/.containerenv
expect "container" 77 "container" probe $nic
rm /run/.containerenv

# Signals: whenever they come, everything is given back before the process ends.
before=$(state)
for signal in INT TERM HUP; do
	for pause in 0.05 0.1 0.15 0.2 0.25 0.3 0.35 0.4 0.5 0.6; do
		"$IOMMUFIT" probe --bind --yes --no-keep -q $one &
		child=$!
		sleep $pause
		kill -$signal $child 2>/dev/null
		wait $child
		if [ "$(state)" != "$before" ] || [ -e /run/iommufit/journal ]; then
			wrong "SIG$signal after $pause s" "devices have changed"
			"$IOMMUFIT" probe --recover
		else
			passed=$((passed + 1))
		fi
	done
done
ok "30 signals"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
