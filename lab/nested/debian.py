# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian packages of any suite, without installing any: apt with a folder of its own checks the archive's signatures,
dpkg-deb unpacks. The mirror is the one that this machine uses."""
import contextlib
import fcntl
import glob
import os
import re
import shutil
import subprocess

from paths import LAB, LabError, read, write

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirror():
    """The Debian mirror of this machine's apt, from its sources in either format."""
    for path in sorted(glob.glob("/etc/apt/sources.list.d/*.sources")) + ["/etc/apt/sources.list"] + \
            sorted(glob.glob("/etc/apt/sources.list.d/*.list")):
        text = read(path) if os.path.exists(path) else ""
        for stanza in re.split(r"\n\s*\n", text) if path.endswith(".sources") else text.splitlines():
            found = re.search(r"^(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S*/debian/?)(?:\s|$)", stanza, re.M)
            if found:
                return found.group(1).rstrip("/")
    raise LabError("apt's sources name no Debian mirror")


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                          check=False, **options)
    if done.returncode:
        raise LabError(f"{command[0]} ({' '.join(command[-2:])}): {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


@contextlib.contextmanager
def made_whole(folder):
    """A folder to fill, which becomes that one; after an error nothing is left of it."""
    new = folder + ".new"
    shutil.rmtree(new, ignore_errors=True)
    os.makedirs(new)
    try:
        yield new
        os.rename(new, folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


class Suite:
    """One suite for one architecture, with its package lists in a folder of the lab."""

    def __init__(self, name, architecture="amd64"):
        self.name, self.architecture = name, architecture
        self.folder = os.path.join(LAB, "apt", f"{name}-{architecture}")
        self.debs = os.path.join(LAB, "debs")
        self.config = os.path.join(self.folder, "apt.conf")
        self.listed = False

    def configure(self):
        for folder in ("lists/partial", "cache/archives/partial", "preferences", "parts"):
            os.makedirs(os.path.join(self.folder, folder), exist_ok=True)
        os.makedirs(self.debs, exist_ok=True)
        write(os.path.join(self.folder, "sources.list"),
              f"deb [signed-by={KEYRING}] {mirror()} {self.name} main\n")
        write(os.path.join(self.folder, "status"), "")
        write(self.config, f'''
Dir::State "{self.folder}";
Dir::State::Lists "{self.folder}/lists";
Dir::State::Status "{self.folder}/status";
Dir::Cache "{self.folder}/cache";
Dir::Etc::SourceList "{self.folder}/sources.list";
Dir::Etc::SourceParts "{self.folder}/parts";
Dir::Etc::Preferences "{self.folder}/none";
Dir::Etc::PreferencesParts "{self.folder}/preferences";
APT::Architecture "{self.architecture}";
APT::Architectures {{ "{self.architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
''')

    def apt(self, *words, cwd=None):
        """Other settings of this machine (proxies) still hold: ours come on top."""
        if not self.listed:
            os.makedirs(self.folder, exist_ok=True)
            with open(os.path.join(self.folder, "lock"), "w", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self.configure()
                run(["apt-get", "-qq", "-c", self.config, "update"], timeout=300)
            self.listed = True
        return run([words[0], "-c", self.config, *words[1:]], cwd=cwd, timeout=900)

    def depends(self, package, pattern):
        """Those that a package depends on directly and whose names are like the pattern."""
        return [found.group(1) for found in (re.match(rf"\s*Depends:\s+({pattern})$", line)
                                             for line in self.apt("apt-cache", "depends", package).splitlines()) if found]

    def stands_for(self, package, pattern):
        """Of a metapackage: the package that it stands for."""
        found = self.depends(package, pattern)
        if not found:
            raise LabError(f"{self.name}: {package} depends on nothing like {pattern}")
        return found[0]

    def download(self, *packages):
        """Paths of the packages' files."""
        wanted = []
        for line in self.apt("apt-get", "-qq", "--print-uris", "download", *packages).splitlines():
            wanted.append(line.split()[1].split("/")[-1])
        if not all(os.path.exists(os.path.join(self.debs, name)) for name in wanted):
            self.apt("apt-get", "-qq", "download", *packages, cwd=self.debs)
        for name in wanted:
            if not os.path.exists(os.path.join(self.debs, name)):
                raise LabError(f"{self.name}: apt brought no {name}")
        return [os.path.join(self.debs, name) for name in wanted]

    def closure(self, *packages):
        """The packages and all that they depend on, as apt would install them on an empty system."""
        lines = self.apt("apt-get", "-qq", "--simulate", "install", *packages).splitlines()
        return [line.split()[1].split(":")[0] for line in lines if line.startswith("Inst ")]

    def unpack(self, folder, *packages):
        """Unpacks (never runs) packages into a folder, all of them or none."""
        if os.path.exists(folder):
            return
        with made_whole(folder) as new:
            for path in self.download(*packages):
                run(["dpkg-deb", "-x", path, new])
