# SPDX-License-Identifier: LGPL-2.1-or-later
"""iommufit for aarch64 hosts: built here with Debian's cross compiler. It links libc alone, its module for captures
libarchive, which the root of these hosts has (qemus.fetch_arm)."""
import functools
import os
import shutil
import subprocess

from debian import Suite
from paths import LAB, SOURCE, LabError, only_one, say, write

PREFIX = "aarch64-linux-gnu-"
ARM = os.path.join(LAB, "arm64")
BUILD = os.path.join(ARM, "build")
TOOL = os.path.join(BUILD, "src/cli/iommufit")
DEV = os.path.join(ARM, "libarchive-dev")
# Debian's own .pc would ask for all that libarchive is made of.
PKG_CONFIG = f"""Name: libarchive
Description: libarchive of Debian's for aarch64
Version: 3
Cflags: -I{DEV}/usr/include
Libs: -L{DEV}/usr/lib/aarch64-linux-gnu -larchive
"""
CROSS = f"""[binaries]
c = '{PREFIX}gcc'
ar = '{PREFIX}ar'
strip = '{PREFIX}strip'
pkgconfig = 'pkg-config'
pkg-config = 'pkg-config'
[properties]
pkg_config_libdir = '{ARM}/pkgconfig'
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
"""


def run(words, log):
    with open(log, "a", encoding="utf-8") as file:
        if subprocess.run(words, stdout=file, stderr=file, check=False).returncode:
            raise LabError(f"{words[0]} failed: see {log}")


OPTIONS = ("-Darchive=enabled", "-Dxml=disabled", "-Dtests=disabled")
STAMP = "\n".join((SOURCE, PKG_CONFIG, CROSS, *OPTIONS))


def is_this_build():
    """A build folder knows what it is of: the sources may be another checkout's or gone."""
    try:
        with open(os.path.join(BUILD, "stamp"), encoding="utf-8") as file:
            return file.read() == STAMP
    except OSError:
        return False


@functools.lru_cache(None)
def build(jobs=None):
    """Brings the tool for aarch64 up to date with the sources; gives its path."""
    log = os.path.join(ARM, "build.log")
    os.makedirs(os.path.join(ARM, "pkgconfig"), exist_ok=True)
    with only_one("cross-build"):
        write(log, "")
        if not is_this_build():
            say("building iommufit for aarch64")
            Suite("sid", "arm64").unpack(DEV, "libarchive-dev", "libarchive13t64")
            write(os.path.join(ARM, "cross.ini"), CROSS)
            write(os.path.join(ARM, "pkgconfig/libarchive.pc"), PKG_CONFIG)
            shutil.rmtree(BUILD, ignore_errors=True)
            run(["meson", "setup", BUILD, SOURCE, "--cross-file", os.path.join(ARM, "cross.ini"), *OPTIONS], log)
            write(os.path.join(BUILD, "stamp"), STAMP)
        run(["ninja", "-C", BUILD, f"-j{jobs or os.cpu_count()}", "src/cli/iommufit", "src/archive/iommufit-archive.so"], log)
    return TOOL
