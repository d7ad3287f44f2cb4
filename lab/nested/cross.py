# SPDX-License-Identifier: LGPL-2.1-or-later
"""iommufit for aarch64 hosts: built here with Debian's cross compiler. It links libc alone; archives go uncompressed."""
import os
import shutil
import subprocess

from paths import LAB, SOURCE, LabError, say, write

PREFIX = "aarch64-linux-gnu-"
CROSS = f"""[binaries]
c = '{PREFIX}gcc'
ar = '{PREFIX}ar'
strip = '{PREFIX}strip'
pkg-config = 'false'
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


def is_of_these_sources(folder):
    """A build folder knows its sources, which may be another checkout's or gone."""
    try:
        with open(os.path.join(folder, "source"), encoding="utf-8") as file:
            return file.read() == SOURCE
    except OSError:
        return False


def build(jobs):
    """Brings LAB/arm64/build up to date with the sources."""
    folder = os.path.join(LAB, "arm64/build")
    log = os.path.join(LAB, "arm64/build.log")
    os.makedirs(os.path.join(LAB, "arm64"), exist_ok=True)
    write(log, "")
    write(os.path.join(LAB, "arm64/cross.ini"), CROSS)
    say("building iommufit for aarch64")
    if not is_of_these_sources(folder):
        shutil.rmtree(folder, ignore_errors=True)
        run(["meson", "setup", folder, SOURCE, "--cross-file", os.path.join(LAB, "arm64/cross.ini"), "-Darchive=disabled", "-Dxml=disabled",
             "-Dtests=disabled"], log)
        write(os.path.join(folder, "source"), SOURCE)
    run(["ninja", "-C", folder, f"-j{jobs}", "src/cli/iommufit"], log)
