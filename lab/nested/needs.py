# SPDX-License-Identifier: LGPL-2.1-or-later
"""What this machine must have for what the lab is about to do, asked before anything is begun: building takes long, and
would find out one by one. scripts/deps.sh lab installs all of it."""
import os
import shutil
import subprocess

import debian
from paths import SOURCE, LabError

CROSS = "aarch64-linux-gnu-"
# For what: commands, headers by the compiler that must find them, files.
FETCH = {"commands": ("apt-get", "apt-cache", "dpkg-deb"), "files": (debian.KEYRING,)}
SUITES = {"commands": ("mmdebstrap", "flock")}
STOCK = {"commands": ("modinfo",)}
KERNEL = {"commands": ("make", "gcc", "ld", "flex", "bison", "bc", "perl", "tar", "xz"), "headers": {"gcc": ("gelf.h",)}}
CROSS_KERNEL = {"commands": (CROSS + "gcc", CROSS + "ld")}
CROSS_TOOL = {"commands": ("meson", "ninja", "pkg-config", CROSS + "gcc"), "headers": {CROSS + "gcc": ("stdio.h",)}}


def finds(compiler, header):
    """A compiler that is missing is named itself: whether there are headers for it cannot be told."""
    if not shutil.which(compiler):
        return True
    return subprocess.run([compiler, "-E", "-x", "c", "-o", os.devnull, "-"], input=f"#include <{header}>\n", text=True,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def missing(*needs):
    """Names of what is not there, each once, in the order of the needs."""
    names = []
    for need in needs:
        names += [name for name in need.get("commands", ()) if not shutil.which(name)]
        for compiler, headers in need.get("headers", {}).items():
            names += [f"{header} for {compiler}" for header in headers if not finds(compiler, header)]
        names += [path for path in need.get("files", ()) if not os.path.exists(path)]
    return list(dict.fromkeys(names))


def check(*needs):
    names = missing(*needs)
    if names:
        raise LabError(f"missing: {', '.join(names)}; {os.path.join(SOURCE, 'scripts/deps.sh')} lab installs what is missing")
