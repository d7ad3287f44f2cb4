# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernels of the lab's hosts: built from Debian's sources, as Debian's own have IOMMUFD off; and those for the
legacy route."""
import glob
import hashlib
import os
import re
import shutil
import subprocess

from debian import Suite, made_whole, run
from paths import HERE, LAB, LabError, read, say, write

CONFIGS = os.path.join(HERE, "kernels")

# name: suite, package of the sources (a metapackage: what it stands for), architecture of the kernel, cross compiler
BUILT = {
    "6.1": ("bookworm", "linux-source-6.1", "x86", None),
    "6.12": ("trixie", "linux-source-6.12", "x86", None),
    "newest": ("sid", "linux-source", "x86", None),
    "arm64": ("sid", "linux-source", "arm64", "aarch64-linux-gnu-"),
}
# name: suite, metapackage, architecture of the kernel
STOCK = {
    "stock-6.1": ("bookworm", "linux-image-amd64", "x86"),
    "stock-6.12": ("trixie", "linux-image-amd64", "x86"),
    "stock-arm64": ("sid", "linux-image-arm64", "arm64"),
    "stock-arm64-16k": ("sid", "linux-image-arm64-16k", "arm64"),
}
DEBIAN = {"x86": "amd64", "arm64": "arm64"}
IMAGES = {"x86": "arch/x86/boot/bzImage", "arm64": "arch/arm64/boot/Image"}
# What a stock kernel needs as modules until its root is there, and to hand out devices.
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "vfio_pci", "vfio_iommu_type1", "virtio_blk", "e1000", "e1000e", "nvme")
OPTIONAL = ("virtio_iommu", "arm_smmu_v3", "kvm_amd")  # loaded first; not every kernel has them


class Kernel:
    """An image, its config, its modules if it has any, and its release."""

    def __init__(self, name, image, config, release, modules=None):
        self.name, self.image, self.config, self.release, self.modules = name, image, config, release, modules
        self.architecture = architecture(name)


def architecture(name):
    return (BUILT.get(name) or STOCK.get(name) or (None, None, "x86"))[2]


def fragments(kind):
    return [os.path.join(CONFIGS, name) for name in ("common.config", f"{kind}.config")]


def stamp(kind):
    return hashlib.sha256("".join(read(path) for path in fragments(kind)).encode()).hexdigest()[:16]


def find(name):
    """A kernel that is there; None."""
    folder = os.path.join(LAB, "kernels", name)
    if not os.path.exists(os.path.join(folder, "release")):
        return None
    release = read(os.path.join(folder, "release")).strip()
    if name not in STOCK:
        return Kernel(name, os.path.join(folder, "image"), os.path.join(folder, "config"), release)
    modules = os.path.join(folder, "lib/modules", release)
    # Of late beside the modules.
    for image, config in ((os.path.join(folder, "boot", f"{word}-{release}") for word in ("vmlinuz", "config")),
                          (os.path.join(modules, word) for word in ("vmlinuz", "config"))):
        if os.path.exists(image):
            return Kernel(name, image, config, release, modules)
    raise LabError(f"{folder} has no kernel: remove it and run lab/nested/lab build --kernel {name}")


def build(name, jobs=None):
    if name in STOCK:
        return fetch_stock(name)
    if name not in BUILT:
        raise LabError(f"no kernel {name}: {', '.join([*BUILT, *STOCK])}")
    suite, package, kind, cross = BUILT[name]
    folder = os.path.join(LAB, "kernels", name)
    done = os.path.join(folder, "stamp")
    if os.path.exists(done) and read(done) == stamp(kind):
        return find(name)
    sources = unpack_sources(Suite(suite), package)
    say(f"building kernel {name}")
    objects = os.path.join(LAB, "build", name)
    shutil.rmtree(objects, ignore_errors=True)
    os.makedirs(objects)
    make = ["make", "-s", "-C", sources, f"O={objects}", f"ARCH={'x86_64' if kind == 'x86' else kind}"]
    if cross:
        make.append(f"CROSS_COMPILE={cross}")
    run([*make, "tinyconfig"])
    merge = os.path.join(sources, "scripts/kconfig/merge_config.sh")
    run([merge, "-m", "-O", objects, os.path.join(objects, ".config"), *fragments(kind)])
    run([*make, "olddefconfig"])
    with open(os.path.join(objects, "log"), "w", encoding="utf-8") as log:
        target = os.path.basename(IMAGES[kind])
        if subprocess.run([*make, f"-j{jobs or os.cpu_count()}", target], stdout=log, stderr=log, check=False).returncode:
            raise LabError(f"kernel {name} does not build: see {objects}/log")
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(objects, IMAGES[kind]), os.path.join(folder, "image"))
    shutil.copy(os.path.join(objects, ".config"), os.path.join(folder, "config"))
    write(os.path.join(folder, "release"), read(os.path.join(objects, "include/config/kernel.release")))
    write(done, stamp(kind))
    shutil.rmtree(objects)
    return find(name)


def unpack_sources(suite, package):
    if package == "linux-source":
        package = suite.stands_for(package, r"linux-source-[\d.]+")
    folder = os.path.join(LAB, "sources", package)
    if not os.path.exists(folder):
        say(f"fetching {package}")
        deb, = suite.download(package)
        with made_whole(folder) as new, \
                subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as files, \
                subprocess.Popen(["tar", "xO", f"./usr/src/{package}.tar.xz"], stdin=files.stdout,
                                 stdout=subprocess.PIPE) as archive:
            if subprocess.run(["tar", "xJ", "--strip-components=1", "-C", new], stdin=archive.stdout, check=False).returncode:
                raise LabError(f"{package} cannot be unpacked")
        os.remove(deb)
    return folder


def fetch_stock(name):
    if find(name):
        return find(name)
    suite_name, meta, kind = STOCK[name]
    suite = Suite(suite_name, DEBIAN[kind])
    package = suite.stands_for(meta, r"linux-image-\d\S*")
    folder = os.path.join(LAB, "kernels", name)
    say(f"fetching {package}")
    # Of late in sid: the image, its modules and what is told of both are in packages of their own.
    suite.unpack(folder, package, *suite.depends(package, r"linux-(?:base|binary|modules)-\d\S*"))
    usr, link = os.path.join(folder, "usr/lib/modules"), os.path.join(folder, "lib/modules")
    if os.path.exists(usr) and not os.path.lexists(link):
        os.makedirs(os.path.join(folder, "lib"), exist_ok=True)
        os.symlink("../usr/lib/modules", link)
    release = re.sub("^linux-image-", "", package)
    write(os.path.join(folder, "release"), release + "\n")
    return find(name)


def module_files(kernel):
    """Paths of the modules that a host needs and all that they depend on, in the order in which they can be loaded."""
    known = {}
    for path in glob.glob(os.path.join(kernel.modules, "kernel/**/*.ko*"), recursive=True):
        known[os.path.basename(path).split(".ko")[0].replace("-", "_")] = path
    builtin = {os.path.basename(line).split(".ko")[0].replace("-", "_")
               for line in read(os.path.join(kernel.modules, "modules.builtin")).split()}
    order = []

    def add(name):
        name = name.replace("-", "_")
        if name in builtin or name not in known:
            if name not in builtin:
                raise LabError(f"{kernel.release} has no module {name}")
            return
        if known[name] in order:
            return
        depends = run(["modinfo", "-F", "depends", known[name]]).strip()
        for other in filter(None, depends.split(",")):
            add(other)
        order.append(known[name])

    for name in OPTIONAL:
        if name in known:
            add(name)
    for name in MODULES:
        add(name)
    return order
