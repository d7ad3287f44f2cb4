# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the lab keeps what it builds, and how it says what it does."""
import contextlib
import fcntl
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
CACHE = os.environ.get("IOMMUFIT_LAB") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "iommufit-lab")
LAB = os.path.join(CACHE, "nested")


class LabError(Exception):
    """What keeps the lab from going on, in one line."""


def say(*words):
    print("lab:", *words, file=sys.stderr, flush=True)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    """All of it or nothing."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


@contextlib.contextmanager
def only_one(name):
    """What two of the lab must not do at once in one cache: the second waits, and says so."""
    os.makedirs(LAB, exist_ok=True)
    with open(os.path.join(LAB, f"{name}.lock"), "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another {name} in {LAB}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
