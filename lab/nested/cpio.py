# SPDX-License-Identifier: LGPL-2.1-or-later
"""An initramfs in the kernel's "newc" cpio format (Documentation/driver-api/early-userspace/buffer-format.rst)."""
import stat


class Archive:
    """Members in the order in which they were added."""

    def __init__(self):
        self.parts = []
        self.count = 0
        self.folders = set()

    def member(self, name, mode, data):
        self.count += 1
        name_bytes = name.encode() + b"\0"
        fields = (self.count, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name_bytes), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name_bytes
        self.parts += [head, bytes(-len(head) % 4), data, bytes(-len(data) % 4)]

    def parents(self, name):
        parent = name.rpartition("/")[0]
        if parent and parent not in self.folders:
            self.folder(parent)

    def folder(self, name):
        self.parents(name)
        self.folders.add(name)
        self.member(name, stat.S_IFDIR | 0o755, b"")

    def file(self, name, data, mode=0o644):
        self.parents(name)
        self.member(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        self.parents(name)
        self.member(name, stat.S_IFLNK | 0o777, target.encode())

    def bytes(self):
        self.member("TRAILER!!!", 0, b"")
        return b"".join(self.parts)
