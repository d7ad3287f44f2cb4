# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which QEMU emulates a host (the outer), and which ones run in it (the inner)."""
import os
import re
import shutil
import subprocess

from debian import Suite
from paths import CACHE, LAB, SOURCE, LabError, say

# Version of the inner QEMU: suite whose QEMU and firmware lab/firmware/fetch.sh unpacks.
SUITES = {"7.2": "bookworm", "10.0": "trixie", "11.1": "sid"}
LIBRARIES = {"x86": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
BINARIES = {"x86": "qemu-system-x86_64", "arm64": "qemu-system-aarch64"}
LOADERS = {"x86": "ld-linux-x86-64.so.2", "arm64": "ld-linux-aarch64.so.1"}


class Qemu:
    """A command's first words and what it needs in the environment. old: has the property names of QEMU 7.2."""

    def __init__(self, command, environment=None, old=False):
        self.command, self.environment, self.old = command, environment or {}, old


def unpacked(root, architecture="x86", binary="x86"):
    """A QEMU in an unpacked root, run through that root's own loader; None."""
    library = os.path.join(root, "usr/lib", LIBRARIES[architecture])
    program = os.path.join(root, "usr/bin", BINARIES[binary])
    if not os.path.exists(program):
        return None
    share = [os.path.join(root, folder) for folder in ("usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu")]
    words = [os.path.join(library, LOADERS[architecture]), "--library-path", library, program]
    for folder in filter(os.path.isdir, share):
        words += ["-L", folder]
    return Qemu(words, {"QEMU_MODULE_DIR": os.path.join(library, "qemu")})


def version(qemu):
    said = subprocess.run([*qemu.command, "--version"], capture_output=True, text=True, check=False, env={**os.environ, **qemu.environment})
    found = re.search(r"version ([\d.]+)", said.stdout)
    return found.group(1) if found else None


def arm_root():
    return os.path.join(LAB, "arm64/outer")


def arm_firmware():
    return os.path.join(arm_root(), "usr/share/qemu-efi-aarch64/QEMU_EFI.fd")


OUTER = {}


def installed():
    found = Qemu([BINARIES["x86"]])
    said = version(found) if shutil.which(BINARIES["x86"]) else None
    if not said:
        raise LabError(f"no {BINARIES['x86']} is installed")
    found.old = int(said.split(".")[0]) < 10
    return found


def use_installed():
    """For a machine whose cache is empty."""
    OUTER["x86"] = installed()


def is_there(name):
    try:
        return bool(inner(name))
    except LabError:
        return False


def outer(architecture):
    """The newest unpacked QEMU, or else the installed one."""
    if architecture not in OUTER:
        root = os.path.join(CACHE, "sid") if architecture == "x86" else arm_root()
        found = unpacked(root, "x86", architecture)
        if not found and architecture == "x86":
            found = installed()
        if not found:
            raise LabError("no QEMU to emulate hosts: run lab/nested/lab build")
        OUTER[architecture] = found
    return OUTER[architecture]


def inner(name, architecture="x86"):
    """By version, "system", or a folder: an unpacked root, or a build or install tree of QEMU."""
    if architecture == "arm64":
        if name not in ("11.1", "system"):
            raise LabError("hosts of aarch64 have QEMU 11.1 inside")
        return Qemu([BINARIES["arm64"]])
    if name == "system":
        return installed()
    if name in SUITES:
        found = unpacked(os.path.join(CACHE, SUITES[name]))
        if not found:
            raise LabError(f"no QEMU {name}: run lab/nested/lab build")
        return found
    if os.path.isdir(name):
        name = os.path.realpath(name)
        found = unpacked(name) if os.path.isdir(os.path.join(name, "usr/lib", LIBRARIES["x86"])) else None
        if found:
            return found
        for folder in ("", "bin", "usr/bin", "build"):
            program = os.path.join(name, folder, BINARIES["x86"])
            if os.path.exists(program):
                return Qemu([program])
    raise LabError(f"no QEMU {name}: {', '.join(SUITES)}, system, or a folder with {BINARIES['x86']}")


def fetch(suites):
    """Unpacks the inner QEMUs; sid's is the outer one as well."""
    subprocess.run([os.path.join(SOURCE, "lab/firmware/fetch.sh"), *suites], check=True, stdout=subprocess.DEVNULL)


def fetch_arm():
    """The emulator of aarch64 hosts, and the root that those have."""
    sid = Suite("sid")
    if not os.path.exists(arm_root()):
        say("fetching the emulator for aarch64")
        sid.unpack(arm_root(), *sid.closure("qemu-system-arm", "qemu-efi-aarch64", "ipxe-qemu"))
    root = os.path.join(LAB, "arm64/root")
    if not os.path.exists(root):
        say("fetching a root for aarch64")
        sid = Suite("sid", "arm64")
        sid.unpack(root, *sid.closure("busybox-static", "python3-minimal", "libpython3-stdlib", "qemu-system-arm",
                                      "qemu-efi-aarch64", "libjson-c-dev", "libxml2-16", "libarchive13t64"))


def fetch_busybox():
    Suite("bookworm").unpack(os.path.join(LAB, "busybox"), "busybox-static")
