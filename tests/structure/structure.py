#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tree and the built library must look like, whatever they do."""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# Folder: what its files may include. Downwards only; host and vm do not know each other.
MAY_INCLUDE = {
    "base": {"base"},
    "host": {"base", "host"},
    "vm": {"base", "vm"},
    "vmm": {"base", "host", "vm", "vmm"},
    "fit": {"base", "host", "vm", "vmm", "fit"},
    "explain": {"base", "host", "vm", "vmm", "fit", "explain"},
    "show": {"base", "host", "vm", "vmm", "fit", "explain", "show"},
    "live": {"base", "host", "vm", "vmm", "fit", "live"},  # its own library, on public symbols and a copy of base
    "archive": {"base", "host", "archive"},  # a module that is loaded when it is needed
    "xml": {"base", "vm", "xml"},  # the same
    "cli": {"cli"},  # and the public headers
}
# What a library must not call: it never prints, exits, aborts, starts programs, or touches what belongs to the process.
FORBIDDEN_CALLS = set("""abort exit _exit _Exit quick_exit printf vprintf puts putchar perror fork vfork execv execve
    execvp execl execlp execle posix_spawn system popen getenv secure_getenv setenv putenv setlocale signal sigaction
    chdir umask __assert_fail __printf_chk __vprintf_chk strcpy strcat sprintf vsprintf gets __strcpy_chk
    __strcat_chk __sprintf_chk __vsprintf_chk""".split())
FORBIDDEN_TEXT = [
    (re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|system|popen|alloca)\s*\("), "call"),
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "mark"),
    (re.compile(r"/" + r"work/"), "path of somebody's machine"),
]
MAX_LINES = 620
NEEDED = re.compile(r"^(libc\.so\.6|ld-linux.*)$")
NEEDED_BY_SANITIZERS = re.compile(r"^lib(asan|ubsan|lsan|tsan|m|gcc_s|pthread|dl|rt|resolv|stdc\+\+)\.so")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


class Failure(Exception):
    pass


def run(command, **more):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **more)
    if result.returncode:
        raise Failure(f"{' '.join(str(c) for c in command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def wrong_includes(folder, name, text, siblings):
    """Includes that a file of that folder must not have."""
    wrong = []
    for mark, path in INCLUDE.findall(text):
        if mark == "<":
            continue
        target = path.split("/")[0] if "/" in path else folder
        if target not in MAY_INCLUDE[folder] or ("/" not in path and path not in siblings):
            wrong.append(f"{folder}/{name} includes \"{path}\"")
    return wrong


def sources(root):
    return sorted(p for p in (root / "src").rglob("*.[ch]"))


def check_layers(o):
    wrong = []
    for path in sources(o.source):
        folder = path.relative_to(o.source / "src").parts[0]
        if folder not in MAY_INCLUDE:
            wrong.append(f"src/{folder} has no place in the order of folders")
            continue
        wrong += wrong_includes(folder, path.name, path.read_text(), {p.name for p in path.parent.iterdir()})
    if wrong:
        raise Failure("\n".join(wrong))


def check_layers_can_fail(o):
    for folder, include in (("base", "host/host.h"), ("host", "vm/vm.h"), ("vm", "host/host.h"),
                            ("fit", "show/names.h"), ("cli", "base/strings.h"), ("vmm", "absent.h")):
        if not wrong_includes(folder, "x.c", f'#include "{include}"\n', set()):
            raise Failure(f"{folder} may include {include}")


def check_public_headers_are_closed(o):
    """They include each other and the C library only."""
    allowed = {"stdbool.h", "stddef.h", "stdint.h"}
    for path in o.headers:
        for mark, name in INCLUDE.findall(path.read_text()):
            if mark != "<" or (name not in allowed and not name.startswith("iommufit/")):
                raise Failure(f"{path.name} includes {name}")


def declared(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"^\s*#(?:.*\\\n)*.*$", "", text, flags=re.M)
    return set(re.findall(r"\b(iof_\w+)\s*\(", text))


def expect_exports(library, headers):
    wanted = set().union(*(declared(p.read_text()) for p in headers))
    lines = run(["nm", "-D", "--defined-only", library]).splitlines()
    names = {line.split()[-1].split("@")[0] for line in lines if line.split()[-2] in "TDBRW"}
    exported = {n for n in names if not n.startswith(("LIBIOMMUFIT", "__asan", "__odr_asan", "__ubsan"))}
    problems = [f"declared, not exported: {n}" for n in sorted(wanted - exported)]
    problems += [f"exported, not declared: {n}" for n in sorted(exported - wanted)]
    if problems or not wanted:
        raise Failure("\n".join(problems))


def check_exports(o):
    """live.h is libiommufit-live's, the rest libiommufit's."""
    expect_exports(o.library, [p for p in o.headers if p.name != "live.h"])
    expect_exports(o.live_library, [p for p in o.headers if p.name == "live.h"])


def expect_needed(o, library, also=()):
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", run(["readelf", "-d", library]))
    wrong = [n for n in needed if n not in also and
             not NEEDED.match(n) and not (o.sanitize and NEEDED_BY_SANITIZERS.match(n))]
    if wrong or not needed:
        raise Failure(f"{library} needs {', '.join(wrong)}")


def check_needed(o):
    expect_needed(o, o.library)
    expect_needed(o, o.live_library, ["libiommufit.so.0"])


# What reaches another process: a library that a sandboxed VMM links has none of it.
LIVE_CALLS = {"socket", "connect", "send", "recv", "sendmsg", "recvmsg", "ioctl"}
# The live library unbinds devices in a child, since some drivers never come back from it.
LIVE_MAY = {"fork", "_exit"}


def called_by(library):
    return {line.split()[-1].split("@")[0] for line in run(["nm", "-D", "--undefined-only", library]).splitlines()}


def check_calls(o):
    for library, forbidden in ((o.library, FORBIDDEN_CALLS | LIVE_CALLS), (o.live_library, FORBIDDEN_CALLS - LIVE_MAY)):
        wrong = called_by(library) & forbidden
        if wrong:
            raise Failure(f"{library} calls {', '.join(sorted(wrong))}")
    if "connect" not in called_by(o.live_library):
        raise Failure("the live library connects to nothing: is it the right one?")


def check_headers_alone(o):
    """Each by itself, and twice, in C and in C++."""
    if not o.cxx:
        raise Failure("no C++ compiler")
    for path in o.headers:
        text = f"#include <iommufit/{path.name}>\n" * 2
        for command in ([*o.cc, "-x", "c", "-std=c11", "-pedantic"], [o.cxx, "-x", "c++", "-std=c++11", "-pedantic"]):
            run([*command, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", o.source / "include", "-"], input=text)


PROGRAM = r"""
#include <iommufit/iommufit.h>
#include <stdio.h>
int main(void)
{
	struct iof_ctx *ctx = NULL;

	if (iof_ctx_new(&ctx) < 0)
		return 1;
	puts(iof_version());
	iof_ctx_unref(ctx);
	return 0;
}
"""


def check_install(o):
    with tempfile.TemporaryDirectory() as work:
        run(["meson", "install", "-C", o.build, "--no-rebuild", "--quiet", "--destdir", work])
        prefix = pathlib.Path(work + o.prefix)
        libdir = prefix / o.libdir
        for path in [libdir / "libiommufit.so", libdir / "libiommufit.so.0",
                     libdir / "libiommufit-live.so.0", libdir / "pkgconfig/iommufit-live.pc", prefix / "bin/iommufit",
                     libdir / "pkgconfig/iommufit.pc", *(prefix / "include/iommufit" / h.name for h in o.headers)]:
            if not path.exists():
                raise Failure(f"not installed: {path}")
        environment = dict(os.environ, LD_LIBRARY_PATH=str(libdir), PKG_CONFIG_PATH=str(libdir / "pkgconfig"))
        flags = run(["pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs", "iommufit"],
                    env=environment).split()
        source, program = pathlib.Path(work) / "x.c", pathlib.Path(work) / "x"
        source.write_text(PROGRAM)
        sanitize = [f"-fsanitize={o.sanitize}"] if o.sanitize else []
        run([*o.cc, "-Wall", "-Werror", *sanitize, source, "-o", program, *flags])
        if run([program], env=environment).strip() != o.version:
            raise Failure("the installed library is of another version")


def check_text(o):
    problems = []
    for folder in ("include", "src", "fuzz", "bench", "scripts", "tests"):
        for path in sorted((o.source / folder).rglob("*")):
            if path.suffix not in (".c", ".h", ".py", ".sh") or "data" in path.parts or path.name == "structure.py":
                continue
            text = path.read_text()
            if "SPDX-License-Identifier: LGPL-2.1-or-later" not in text[:200]:
                problems.append(f"{path}: no licence line")
            if folder in ("src", "include") and text.count("\n") > MAX_LINES:
                problems.append(f"{path}: {text.count(chr(10))} lines are probably two files")
            for pattern, what in FORBIDDEN_TEXT:
                for found in pattern.finditer(text):
                    line = text.count("\n", 0, found.start()) + 1
                    if what != "call" or path.suffix in (".c", ".h"):
                        problems.append(f"{path}:{line}: {what}: {found.group(0)}")
    if problems:
        raise Failure("\n".join(problems))


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("source", "build", "library", "live-library"):
        parser.add_argument("--" + name, type=pathlib.Path, required=True)
    for name in ("cxx", "version", "prefix", "libdir"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--cc", nargs="+", required=True)
    parser.add_argument("--sanitize", default="")
    o = parser.parse_args()
    o.headers = sorted((o.source / "include/iommufit").glob("*.h"))
    return o


def main():
    o = arguments()
    passed = failed = 0
    for name, check in sorted((n, f) for n, f in globals().items() if n.startswith("check_")):
        try:
            check(o)
            passed += 1
            print(f"[       OK ] {name[6:]}")
        except Failure as failure:
            failed += 1
            print(f"[  FAILED  ] {name[6:]}\n{failure}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
