#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""fix --in-place, configs of managers, and hooks, as the tools that meet them see it. Each function is a test."""
import argparse
import fcntl
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

WIDE = """\
qemu-system-x86_64 -nodefaults -machine pc-q35-11.1,kernel-irqchip=split -accel kvm -m 4G \\
    -device intel-iommu,caching-mode=on,aw-bits=48 -device vfio-pci,host=0000:00:05.0,id=gpu
"""
BACKUP = re.compile(r"^vm\.sh\.iommufit-\d{8}-\d{6}(-\d+)?$")


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failure(text)


def one_line(text):
    return text.startswith("iommufit: ") and text.endswith("\n") and text.count("\n") == 1


class Bench:
    def __init__(self, options, folder):
        self.tool = options.iommufit.resolve()
        self.source = options.source.resolve()
        self.host = ["--host", str(self.source / "tests/data/captures/intel39-pb46.tar.xz")]
        self.fix = ["fix", "--in-place", "--vmm", "qemu=11.1.3"] + self.host
        self.folder = pathlib.Path(folder)
        self.vm = self.folder / "vm.sh"
        self.vm.write_text(WIDE)

    def run(self, args, stdin=b"", **more):
        return subprocess.run([str(self.tool)] + [str(a) for a in args], input=stdin, capture_output=True,
                              cwd=self.folder, timeout=60, check=False, **more)

    def fixed(self, args=None, **more):
        result = self.run(args or self.fix + ["vm.sh"], **more)
        expect(result.returncode == 0 and not result.stdout, f"{result.returncode}: {result.stderr.decode()}")
        expect(self.vm.read_text() == WIDE.replace("aw-bits=48", "aw-bits=39"), self.vm.read_text())
        backups = [p for p in self.folder.iterdir() if BACKUP.match(p.name)]
        expect(len(backups) == 1 and backups[0].read_text() == WIDE, f"backups: {backups}")
        return result

    def refused(self, args, status, pattern, **more):
        before = {p.name: p.read_bytes() for p in self.folder.iterdir() if p.is_file()}
        result = self.run(args, **more)
        text = result.stderr.decode()
        expect(result.returncode == status and one_line(text) and re.search(pattern, text),
               f"{result.returncode}: {text!r}, expected {status} and {pattern!r}")
        expect({p.name: p.read_bytes() for p in self.folder.iterdir() if p.is_file()} == before, "something was written")


# ---- in place ----

def test_writes_and_keeps_a_backup(bench):
    result = bench.fixed()
    expect(b"the old one is vm.sh.iommufit-" in result.stderr, result.stderr)


def test_does_nothing_twice(bench):
    bench.fixed()
    before = bench.vm.stat()
    result = bench.run(bench.fix + ["vm.sh"])
    expect(result.returncode == 0 and b"nothing to do" in result.stderr, result.stderr)
    expect(bench.vm.stat() == before, "it was written again")


def test_by_a_path_from_elsewhere(bench):
    (bench.folder / "sub").mkdir()
    bench.fixed(bench.fix + ["sub/../vm.sh"])


def test_shows_the_diff_too(bench):
    result = bench.run(bench.fix + ["--diff", "vm.sh"])
    expect(result.returncode == 0 and b"+    -device intel-iommu,caching-mode=on,aw-bits=39" in result.stdout,
           result.stdout)
    expect("aw-bits=39" in bench.vm.read_text(), "it was not written")


def test_keeps_the_mode(bench):
    for mode in (0o600, 0o640, 0o755, 0o4711):
        bench.vm.write_text(WIDE)
        bench.vm.chmod(mode)
        for old in bench.folder.glob("vm.sh.*"):
            old.unlink()
        bench.fixed()
        expect(stat.S_IMODE(bench.vm.stat().st_mode) == mode, f"mode {bench.vm.stat().st_mode:o}")


def test_keeps_the_owner(bench):
    if os.geteuid():
        raise Skip("only root can give files away")
    os.chown(bench.vm, 12345, 54321)
    bench.fixed()
    s = bench.vm.stat()
    expect((s.st_uid, s.st_gid) == (12345, 54321), f"owner {s.st_uid}:{s.st_gid}")


def test_refuses_to_lose_the_owner(bench):
    """A user who may write the folder is not the owner of the file."""
    if os.geteuid():
        raise Skip("needs another user")
    bench.folder.chmod(0o777)
    bench.vm.chmod(0o644)
    try:
        bench.refused(bench.fix + ["vm.sh"], 77, "its owner cannot be kept: .*; nothing was changed", user=65534,
                      group=65534, extra_groups=[])
    except PermissionError as error:
        raise Skip("another user cannot run the program") from error


def test_keeps_extended_attributes(bench):
    try:
        os.setxattr(bench.vm, "user.note", b"kept\0as it is")
        os.setxattr(bench.vm, "user.empty", b"")
    except OSError as error:
        raise Skip("no extended attributes here") from error
    if not os.geteuid():
        os.setxattr(bench.vm, "trusted.iommufit", b"x" * 2000)
    wanted = {n: os.getxattr(bench.vm, n) for n in os.listxattr(bench.vm)}
    bench.fixed()
    expect({n: os.getxattr(bench.vm, n) for n in os.listxattr(bench.vm)} == wanted, str(os.listxattr(bench.vm)))


# user::rw- user:65534:r-- group::r-- mask::r-- other::---
ACL = bytes.fromhex("02000000" "01000600ffffffff" "02000400feff0000" "04000400ffffffff" "10000400ffffffff"
                    "20000000ffffffff")
# user::rwx user:65533:rwx group::rwx mask::rwx other::---
DEFAULT = bytes.fromhex("02000000" "01000700ffffffff" "02000700fdff0000" "04000700ffffffff" "10000700ffffffff"
                        "20000000ffffffff")


def test_keeps_the_access_list(bench):
    """Also where the folder gives new files another one."""
    try:
        os.setxattr(bench.vm, "system.posix_acl_access", ACL)
        os.setxattr(bench.folder, "system.posix_acl_default", DEFAULT)
    except OSError as error:
        raise Skip("no access lists here") from error
    bench.fixed()
    expect(os.getxattr(bench.vm, "system.posix_acl_access") == ACL, "another access list")


def test_adds_no_access_list(bench):
    try:
        os.setxattr(bench.folder, "system.posix_acl_default", DEFAULT)
    except OSError as error:
        raise Skip("no access lists here") from error
    bench.vm.chmod(0o640)
    bench.fixed()
    expect(not os.listxattr(bench.vm), str(os.listxattr(bench.vm)))
    expect(stat.S_IMODE(bench.vm.stat().st_mode) == 0o640, f"mode {bench.vm.stat().st_mode:o}")


def test_never_overwrites_a_backup(bench):
    """Names of this and the next seconds are taken."""
    now = int(time.time())
    for second in range(now - 1, now + 8):
        name = time.strftime("vm.sh.iommufit-%Y%m%d-%H%M%S", time.gmtime(second))
        (bench.folder / name).write_text("somebody's")
    result = bench.run(bench.fix + ["vm.sh"])
    expect(result.returncode == 0, result.stderr)
    found = sorted(p.read_text() for p in bench.folder.iterdir() if BACKUP.match(p.name))
    expect(found == sorted(["somebody's"] * 9 + [WIDE]), str(found))


def test_removes_what_a_killed_run_left(bench):
    (bench.folder / ".vm.sh.iommufit-4711-0.tmp").write_text("half a fi")
    os.link(bench.vm, bench.folder / "vm.sh.iommufit-20200101-000000")
    others = [".vm.sh.swp", ".vm.sh.iommufit-x.tmp", ".other.sh.iommufit-1-0.tmp", "vm.sh.iommufit-2020"]
    for name in others:
        (bench.folder / name).write_text(name)
    bench.fixed()
    left = sorted(p.name for p in bench.folder.iterdir() if not BACKUP.match(p.name))
    expect(left == sorted(others + ["vm.sh"]), str(left))


def test_refuses_a_file_that_another_holds(bench):
    with open(bench.vm, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        bench.refused(bench.fix + ["vm.sh"], 73, "locked by another program")


def test_two_at_once(bench):
    """One of them writes; the other is refused or finds nothing to do."""
    for _ in range(8):
        bench.vm.write_text(WIDE)
        runs = [subprocess.Popen([str(bench.tool)] + bench.fix + ["vm.sh"], stderr=subprocess.PIPE, cwd=bench.folder)
                for _ in range(6)]
        statuses = sorted([p.communicate() and p.returncode for p in runs])
        expect(statuses[0] == 0 and set(statuses) <= {0, 73}, str(statuses))
        expect("aw-bits=39" in bench.vm.read_text(), bench.vm.read_text())
        expect(not list(bench.folder.glob(".vm.sh*")), "a temporary file is left")


def test_no_cure_touches_nothing(bench):
    none = ["--host", str(bench.source / "tests/data/captures/none-pb46.tar.xz")]
    before = bench.vm.stat()
    result = bench.run(["fix", "--in-place", "--vmm", "qemu=11.1.3"] + none + ["vm.sh"])
    text = result.stderr.decode()
    expect(result.returncode == 2, f"{result.returncode}: {text}")
    expect(re.search(r"^iommufit: left: .*\([a-z]+\.[a-z-]+\)$", text, re.M), text)
    expect(bench.vm.stat() == before and len(list(bench.folder.iterdir())) == 1, "something was written")


def test_a_folder_that_cannot_be_written(bench):
    if os.geteuid() == 0:
        bench.folder.chmod(0o755)
        bench.vm.chmod(0o644)
        try:
            bench.refused(bench.fix + ["vm.sh"], 77, "Permission denied", user=65534, group=65534, extra_groups=[])
        except PermissionError as error:
            raise Skip("another user cannot run the program") from error
    else:
        bench.folder.chmod(0o555)
        bench.refused(bench.fix + ["vm.sh"], 77, "Permission denied")
        bench.folder.chmod(0o755)


# ---- which fix ----

IRQCHIP = """\
qemu-system-x86_64 -nodefaults -machine pc-q35-11.1,kernel-irqchip=on -accel kvm -m 4G \\
    -device intel-iommu,intremap=on,eim=on,caching-mode=on,aw-bits=39 -device vfio-pci,host=0000:00:05.0,id=gpu
"""


def prefer(bench, what):
    (bench.folder / "irqchip.sh").write_text(IRQCHIP)
    result = bench.run(["fix", "--vmm", "qemu=11.1.3"] + bench.host + (["--prefer", what] if what else []) + ["irqchip.sh"])
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def test_names_other_fixes(bench):
    status, first, notes = prefer(bench, None)
    expect(status == 0 and first == IRQCHIP.replace("irqchip=on", "irqchip=split"), first + notes)
    expect("iommufit: other fixes: unset intel-iommu.intremap" in notes, notes)
    for what in ("intremap", "intel-iommu", "intel-iommu.eim"):
        status, other, notes = prefer(bench, what)
        expect(status == 0 and other == IRQCHIP.replace("intremap=on,eim=on,", ""), other + notes)
        expect("iommufit: other fixes: set machine.kernel-irqchip to split" in notes, notes)
    status, nothing, notes = prefer(bench, "nonsense")
    expect(status == 64 and not nothing and one_line(notes) and " kernel-irqchip " in notes, notes)


# ---- hooks ----

def hook(bench, args, stdin=b"", **more):
    """Once more if the machine was too busy for an answer in time; standard output is always empty."""
    for _ in range(30):
        result = bench.run(["hook"] + args, stdin, **more)
        expect(not result.stdout, f"standard output: {result.stdout}")
        if b"no answer in time" not in result.stderr:
            break
    text = result.stderr.decode()
    expect(not text or one_line(text), f"not one line: {text!r}")
    return result.returncode, text


def test_hook_lets_other_operations_pass(bench):
    """At once: standard input is not even read."""
    for args in (["libvirt", "g", "stopped", "end", "-"], ["libvirt", "g", "release", "end", "destroyed"],
                 ["libvirt", "g", "restore", "begin", "-"], ["libvirt", "g", "started", "begin", "-"],
                 ["libvirt", "g", "reconnect", "begin", "-"], ["libvirt", "g", "start", "end", "-"],
                 ["libvirt", "g", "from-the-future", "begin", "-", "more", "and", "more"],
                 ["proxmox", "100", "post-start"], ["proxmox", "100", "pre-stop"]):
        expect(hook(bench, ["--"] + args, b"<domain") == (0, ""), f"{args}: {hook(bench, ['--'] + args)}")


def test_hook_allows_what_it_cannot_read(bench):
    for data in (b"", b"garbage", b"\0" * 100, bytes(range(256)), b"<", b"<a>" * 100000, b"<domain/>", b"x" * (5 << 20),
                 b"<!DOCTYPE a [<!ENTITY b SYSTEM \"/etc/passwd\">]><a>&b;</a>", b"<\x1b[31m>"):
        for operation in ("prepare", "start", "migrate"):
            status, text = hook(bench, ["libvirt", "guest", operation, "begin", "-"], data)
            expect(status == 0, f"{data[:30]!r}: {status} {text}")
    for args in (["libvirt"], ["libvirt", "guest"], ["proxmox"], ["proxmox", "../1", "pre-start"],
                 ["proxmox", "999999998", "pre-start"]):
        status, text = hook(bench, args)
        expect(status == 0 and "the VM is allowed" in text, f"{args}: {status} {text}")


def test_hook_has_a_watchdog(bench):
    """Input that never ends."""
    read_end, write_end = os.pipe()
    best = 1.0
    for _ in range(5):
        start = time.monotonic()
        result = subprocess.run([str(bench.tool), "hook", "libvirt", "g", "start", "begin", "-"], stdin=read_end,
                                capture_output=True, timeout=20, check=False)
        best = min(best, time.monotonic() - start)
        expect(result.returncode == 0 and result.stderr == b"iommufit: no answer in time; the VM is allowed\n",
               f"{result.returncode}: {result.stderr}")
    os.close(read_end)
    os.close(write_end)
    expect(best >= 0.05, f"{best * 1000:.1f} ms")
    print(f"a watchdog of 50 ms: over after {best * 1000:.1f} ms")


def make_machine(root):
    """A host without an IOMMU."""
    for folder in ("proc", "sys/kernel/iommu_groups", "sys/class/iommu", "sys/bus/pci/devices"):
        (root / folder).mkdir(parents=True)
    (root / "proc/cpuinfo").write_text("processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: vmx\n"
                                       "address sizes\t: 39 bits physical, 48 bits virtual\n")


def proxmox(bench, text):
    """A root folder with a VM 100; what it holds is recognised by content."""
    root = bench.folder / "root"
    node = root / "etc/pve/nodes/pve1/qemu-server"
    node.mkdir(parents=True)
    (root / "etc/pve/qemu-server").symlink_to("nodes/pve1/qemu-server")
    (root / "var/lock").mkdir(parents=True)
    (node / "100.conf").write_text(text)
    make_machine(root)
    return root, node / "100.conf"


def test_hook_blocks_what_fails(bench):
    """A root without an IOMMU, and a VM that assigns a device."""
    root, _ = proxmox(bench, WIDE)
    args = ["--host", str(root), "--vmm", "qemu=11.1.3"]
    status, text = hook(bench, args + ["proxmox", "100", "pre-start"])
    if status == 0 and "cannot be told" in text:
        raise Skip("an empty root is unknown, not without an IOMMU")
    expect(status == 2 and text.startswith("iommufit: 100: ") and re.search(r"\([a-z]+\.[a-z-]+\)\n$", text), f"{status} {text}")
    status, warned = hook(bench, args + ["--warn", "proxmox", "100", "pre-start"])
    expect(status == 0 and warned == text.replace("iommufit: ", "iommufit: warning: ", 1), f"{status} {warned}")
    status, text = hook(bench, args + ["proxmox", "100", "post-start"])
    expect((status, text) == (0, ""), f"{status} {text}")


XML = """\
<domain type='kvm'>
  <name>web</name>
  <memory unit='GiB'>4</memory>
  <os><type arch='x86_64' machine='pc-q35-11.1'>hvm</type></os>
  <features><acpi/><apic/><ioapic driver='qemu'/></features>
  <cpu mode='host-passthrough'/>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <iommu model='intel'><driver intremap='on' caching_mode='on' aw_bits='48'/></iommu>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0000' bus='0x00' slot='0x05' function='0x0'/></source>
    </hostdev>
  </devices>
</domain>
"""
CONF = "cores: 2\ncpu: host\nhostpci0: 0000:00:05.0,pcie=1\nmachine: q35,viommu=intel,aw-bits=48\nmemory: 4096\n"


def test_hook_of_libvirt(bench):
    """The protocol with a domain that fails on a host of 39 bits, and with one that starts there."""
    if not list(bench.tool.parents[1].rglob("iommufit-xml.so")):
        raise Skip("built without libxml2")
    times = []
    for operation in ("prepare", "start", "migrate"):
        start = time.monotonic()
        status, text = hook(bench, bench.host + ["--", "libvirt", "web", operation, "begin", "-"], XML.encode())
        times.append(time.monotonic() - start)
        expect(status == 2 and text.startswith("iommufit: web: ") and "48 bits" in text, f"{operation}: {status} {text}")
    status, text = hook(bench, bench.host + ["--warn", "libvirt", "web", "start", "begin", "-"], XML.encode())
    expect(status == 0 and text.startswith("iommufit: warning: web: "), f"{status} {text}")
    status, text = hook(bench, bench.host + ["libvirt", "web", "start", "begin", "-"],
                        XML.replace(" aw_bits='48'", " aw_bits='39'").encode())
    expect(status == 0, f"{status} {text}")
    print(f"a hook blocks in {min(times) * 1000:.1f} ms")


# ---- configs of managers ----

def machine39(bench):
    root = bench.folder / "root"
    root.mkdir(exist_ok=True)
    subprocess.run(["tar", "-C", root, "-xf", bench.host[1]], check=True)
    return root


def test_fixes_a_vm_of_proxmox(bench):
    """The command is printed; only --offline writes."""
    root = machine39(bench)
    folder = root / "etc/pve/nodes/pve1/qemu-server"
    folder.mkdir(parents=True)
    (root / "etc/pve/qemu-server").symlink_to("nodes/pve1/qemu-server")
    (root / "var/lock").mkdir(parents=True, exist_ok=True)
    conf = folder / "100.conf"
    conf.write_text(CONF)
    fix = ["fix", "--host", root, "--proxmox", "100"]
    result = bench.run(fix)
    expect(result.returncode == 0 and result.stdout == b"qm set 100 --machine q35,viommu=intel,aw-bits=39\n",
           f"{result.returncode} {result.stdout} {result.stderr}")
    expect(conf.read_text() == CONF and len(list(folder.iterdir())) == 1, "it was written")
    result = bench.run(fix + ["--in-place", "--offline"])
    expect(result.returncode == 0 and not result.stdout, result.stderr)
    expect(conf.read_text() == CONF.replace("aw-bits=48", "aw-bits=39"), conf.read_text())
    expect(bench.run(["check", "-q", "--host", root, "--proxmox", "100"]).returncode == 0, "the result does not fit")
    conf.rename(root / "100")
    (root / "etc/pve/nodes/pve2/qemu-server").mkdir(parents=True)
    (root / "etc/pve/nodes/pve2/qemu-server/100.conf").write_text(CONF)
    result = bench.run(fix)
    expect(result.stdout.endswith(b"aw-bits=39  # on node pve2\n"), f"{result.stdout} {result.stderr}")


def test_finds_a_domain_below_a_root(bench):
    """And no link leads out of it."""
    root = bench.folder / "root"
    make_machine(root)
    (root / "etc/libvirt").mkdir(parents=True)
    (root / "etc/libvirt/qemu").symlink_to("/elsewhere")
    (root / "elsewhere").mkdir()
    (root / "elsewhere/vm.xml").write_text("qemu-system-x86_64 -M q35 -m 4G -accel kvm -cpu host\n")
    result = bench.run(["map", "--host", root, "--libvirt", "vm"])
    expect(result.returncode in (0, 3), f"{result.returncode} {result.stderr}")
    (root / "elsewhere/link.xml").symlink_to("vm.xml")
    result = bench.run(["map", "--host", root, "--libvirt", "link"])
    expect(result.returncode == 65 and one_line(result.stderr.decode()), f"{result.returncode} {result.stderr}")


def test_honours_locks_of_proxmox(bench):
    root, conf = proxmox(bench, "cores: 2\n")
    fix = ["fix", "--in-place", "--offline", "--proxmox", "100", "--host", root]
    folder = root / "var/lock/qemu-server"
    folder.mkdir()
    with open(folder / "lock-100.conf", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        bench.refused(fix, 73, "holds its lock")
    conf.write_text("lock: backup\ncores: 2\n")
    bench.refused(fix, 73, r"locked by Proxmox VE \(lock: backup\)")
    conf.write_text("cores: 2\n")
    (root / "run/qemu-server").mkdir(parents=True)
    (root / "run/qemu-server/100.pid").write_text("1\n")
    bench.refused(fix, 73, "is running")
    (root / "run/qemu-server/100.pid").unlink()
    other = root / "etc/pve/nodes/pve2/qemu-server"
    other.mkdir(parents=True)
    conf.rename(other / "100.conf")
    bench.refused(fix, 73, "belongs to node pve2")


def test_honours_locks_of_libvirt(bench):
    root = bench.folder / "root"
    (root / "etc/libvirt/qemu").mkdir(parents=True)
    (root / "run/libvirt/qemu").mkdir(parents=True)
    (root / "etc/libvirt/qemu/vm.xml").write_text("<domain/>\n")
    fix = ["fix", "--in-place", "--offline", "--libvirt", "vm", "--host", root]
    for name in ("vm.xml", "vm.pid"):
        (root / "run/libvirt/qemu" / name).write_text("")
        bench.refused(fix, 73, "the domain is running")
        (root / "run/libvirt/qemu" / name).unlink()
    for name in ("libvirtd", "virtqemud"):
        with open(root / "run" / (name + ".pid"), "w") as pid:
            fcntl.lockf(pid, fcntl.LOCK_EX)
            bench.refused(fix, 73, name + " is running")
    (root / "run/libvirt/qemu/gone.xml").write_text("<domstatus/>\n")
    bench.refused(fix[:4] + ["gone", "--host", root], 73, "has no definition")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--iommufit", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    passed = failed = 0
    for name, function in list(globals().items()):
        if not name.startswith("test_") or options.only not in name:
            continue
        folder = tempfile.mkdtemp()
        os.chmod(folder, 0o755)
        title = name[5:].replace("_", " ")
        try:
            function(Bench(options, folder))
            passed += 1
            print(f"[       OK ] {title}")
        except Skip as reason:
            print(f"[  SKIPPED ] {title}: {reason}")
        except (Failure, OSError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"[  FAILED  ] {title}\n{error}")
        finally:
            shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
