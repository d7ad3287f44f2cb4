# SPDX-License-Identifier: LGPL-2.1-or-later
# lab run-job HOST lab/nested/guest/kill-bind.sh --limit 7200: probe --bind is killed at its system calls, and --recover
# must leave every device as it was. Wants a build folder with tests (tests/live/kill_bind.c).
tool=$(dirname "$IOMMUFIT")/../../tests/live/kill-bind
status=0
uname -r
# How often at each call, one of how many reading calls, the device, others to watch. The second has a mate in its group.
while read -r times every devices; do
	# shellcheck disable=SC2086
	"$tool" "$IOMMUFIT" "$times" "$every" $devices || status=1
done <<END
10 12 0000:00:0a.1 0000:00:0a.0
2 24 0000:02:01.0 0000:02:02.0
END
exit $status
