# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host of the lab is booted, runs one job and is powered off; or killed when it is silent for too long.

The host has no disk. Its root is an initramfs with busybox; /usr, the sources, the build and the lab's cache are this
machine's, read-only over 9p and at the same places, so that what runs here runs there. /lab is the job's own folder.
"""
import lzma
import os
import shutil
import subprocess
import tempfile
import time

import flavours
import kernels
import qemus
from cpio import Archive
from paths import CACHE, HERE, LAB, SOURCE, LabError, read, write

START_LIMIT = 400  # seconds until a host must be up; under emulation it takes 3 to 10 on an idle machine
SILENCE_LIMIT = 300  # seconds without a word or a result
TICK = 0.1


class Ended:
    """How a host ended. status: of the job; None: it did not get there, and why says so."""

    def __init__(self, status, why, seconds, log):
        self.status, self.why, self.seconds, self.log = status, why, seconds, log


def find_busybox(architecture):
    """A static one: the initramfs has no libraries."""
    if architecture == "arm64":
        places = [os.path.join(LAB, "arm64/root/usr/bin/busybox")]
    else:
        places = [shutil.which("busybox"), *(os.path.join(LAB, "busybox", path) for path in ("bin/busybox", "usr/bin/busybox"))]
    for path in filter(None, places):
        if os.path.exists(path):
            with open(path, "rb") as file:
                data = file.read()
            if b"/ld-linux" not in data[:4096]:  # where a dynamic one names its loader
                return data
    raise LabError("no static busybox: run lab/nested/lab build")


def add_modules(archive, kernel):
    names = []
    for path in kernels.module_files(kernel) if kernel.modules else []:
        with (lzma.open if path.endswith(".xz") else open)(path, "rb") as file:
            data = file.read()
        names.append(os.path.basename(path).removesuffix(".xz").replace("-", "_"))
        archive.file(f"modules/{names[-1]}", data)
    if kernel.modules:  # where a Debian host has it
        archive.file(f"boot/config-{kernel.release}", read(kernel.config).encode())
    archive.file("modules/order", "".join(name + "\n" for name in names).encode())


def initramfs(kernel, architecture, shares):
    archive = Archive()
    archive.file("bb/busybox", find_busybox(architecture), 0o755)
    archive.file("init", read(os.path.join(HERE, "guest/init")).encode(), 0o755)
    for name in ("bin", "sbin", "lib", "lib64"):
        archive.link(name, f"usr/{name}")
    archive.file("etc/passwd", b"root:x:0:0::/root:/bin/sh\nlab:x:1000:1000::/tmp:/bin/sh\nother:x:1001:1001::/tmp:/bin/sh\n")
    archive.file("etc/group", b"root:x:0:\nlab:x:1000:\nother:x:1001:\n")
    add_modules(archive, kernel)
    archive.file("shares", "".join(f"{tag} {path} {how}\n" for tag, _, path, how in shares).encode())
    return archive.bytes()


def shares_of(architecture, work, folders):
    """tag, folder here, place there, how mounted."""
    usr = "/usr" if architecture == "x86" else os.path.join(LAB, "arm64/root/usr")
    places = [(usr, "/usr"), (SOURCE, SOURCE), (CACHE, CACHE)]
    for folder in folders:
        folder = os.path.realpath(folder)
        if not any(os.path.commonpath([folder, place]) == place for _, place in places):
            places.append((folder, folder))
    shares = [(f"s{i}", here, there, "ro,cache=loose") for i, (here, there) in enumerate(places) if os.path.isdir(here)]
    return [*shares, ("lab", work, "/lab", "rw,cache=none")]


def share_arguments(shares):
    words = []
    for i, (tag, here, _, how) in enumerate(shares):
        readonly = ",readonly=on" if how.startswith("ro") else ""
        words += ["-fsdev", f"local,id={tag},path={here.replace(',', ',,')},security_model=none,multidevs=remap{readonly}",
                  "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag},addr={0x10 + i:x}.0"]
    return words


def kvm_works():
    """Asked once per boot of this machine: /dev/kvm may be there and yet not run a kernel."""
    known = os.path.join(LAB, "kvm")
    boot = read("/proc/sys/kernel/random/boot_id").strip()
    if os.path.exists(known) and read(known).split()[:1] == [boot]:
        return read(known).split()[1] == "yes"
    works = False
    kernel = next(filter(None, map(kernels.find, ("newest", "6.12", "6.1", "stock-6.1"))), None)
    if kernel and os.access("/dev/kvm", os.R_OK | os.W_OK):
        with tempfile.TemporaryDirectory() as work:
            write(os.path.join(work, "job"), "true\n")
            ended = run_in(work, flavours.parse("none"), kernel, accel="kvm", limit=25)
            works = ended.status == 0
    write(known, f"{boot} {'yes' if works else 'no'}\n")
    return works


def command(flavour, kernel, work, shares, accel):
    outer = qemus.outer(flavour.architecture)
    words = [*outer.command, "-accel", accel, *flavours.arguments(flavour, outer.old)]
    if flavour.architecture == "arm64" and not flavour.is_on("dt"):
        words += ["-bios", qemus.arm_firmware()]
    console = "ttyS0" if flavour.architecture == "x86" else "ttyAMA0"
    timer = "no_timer_check " if flavour.architecture == "x86" else ""  # a busy machine emulates it too late
    append = f"console={console} panic=-1 quiet {timer}{' '.join(flavours.kernel_words(flavour))}"
    return [*words, "-m", "3G" if flavour.architecture == "x86" else "2G", "-smp", "1", "-nodefaults", "-display", "none",
            "-serial", f"file:{work}/console", "-monitor", "none", "-no-reboot", *share_arguments(shares),
            "-kernel", kernel.image, "-initrd", f"{work}/initrd", "-append", append]


def size_of(work):
    total = 0
    for name in os.listdir(work):
        try:
            total += os.stat(os.path.join(work, name)).st_size
        except OSError:
            pass
    return total


def watch(child, work, limit, silence):
    """None when it ended by itself, or why it was killed."""
    begin = last = time.monotonic()
    size, is_up = -1, False
    console = os.path.join(work, "console")
    while child.poll() is None:
        time.sleep(TICK)
        now = time.monotonic()
        if size_of(work) != size:
            size, last = size_of(work), now
        if not is_up and os.path.exists(console):
            with open(console, "rb") as file:
                is_up = b"lab: up" in file.read()
        why = None
        if not is_up and now - begin > min(START_LIMIT, limit):
            why = f"the host was not up after {min(START_LIMIT, limit)} seconds"
        elif now - last > silence:
            why = f"the host was silent for {silence} seconds"
        elif now - begin > limit:
            why = f"the job took more than {limit} seconds"
        if why:
            child.kill()
            child.wait()
            return why
    return None


def run_in(work, flavour, kernel, folders=(), accel=None, limit=7200, silence=SILENCE_LIMIT):
    """Runs WORK/job in a host; its files are WORK's. Leaves WORK/console and WORK/qemu.log."""
    if accel is None:
        accel = "kvm" if flavour.architecture == "x86" and kvm_works() else "tcg,thread=multi"
    shares = shares_of(flavour.architecture, work, folders)
    with open(os.path.join(work, "initrd"), "wb") as file:
        file.write(initramfs(kernel, flavour.architecture, shares))
    status = os.path.join(work, "status")
    for left in (status, os.path.join(work, "console")):
        if os.path.exists(left):
            os.remove(left)
    begin = time.monotonic()
    environment = {**os.environ, **qemus.outer(flavour.architecture).environment}
    with open(os.path.join(work, "qemu.log"), "w", encoding="utf-8") as log, \
            subprocess.Popen(command(flavour, kernel, work, shares, accel), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                             env=environment) as child:
        try:
            why = watch(child, work, limit, silence)
        except BaseException:
            child.kill()
            raise
    os.remove(os.path.join(work, "initrd"))
    seconds = time.monotonic() - begin
    console = os.path.join(work, "console")
    text = open(console, encoding="utf-8", errors="replace").read() if os.path.exists(console) else ""
    if os.path.exists(status) and read(status).strip():
        return Ended(int(read(status)), None, seconds, text)
    if not why:
        said = read(os.path.join(work, "qemu.log")).strip().splitlines()
        why = f"the host's QEMU ended with {child.returncode}" + (f": {said[-1]}" if said else "")
    return Ended(None, why, seconds, text)


def folder_for_work():
    os.makedirs(os.path.join(LAB, "work"), exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="lab-")
