#!/usr/bin/env python3
"""draw_crowded.py SEED COUNT FIRMWARE...: as draw.py, of VMs whose windows are too small for what they hold.

Many root ports, some of them behind expanders, whose room for hot-plug uses up the I/O ports, and BARs about as large
as the 64-bit window: firmware has to leave something out, and which it is depends on the order in which it looks.
"""
import json
import random
import sys

from draw import VERSIONS, Config


class CrowdedConfig(Config):
    def __init__(self, rng, firmware, qemu):
        super().__init__(rng, firmware, qemu, True, False)
        self.q35, self.root = True, "pcie.0"

    def root_ports(self):
        alike = self.root_port_options() if self.chance(0.4) else None
        for number in range(self.pick(2, 4, 6, 7, 8, 8, 9, 9, 10, 10, 11, 12, 14)):
            options = self.root_port_options() if alike is None else alike
            self.add("-device", ",".join([f"pcie-root-port,id=rp{number},bus=pcie.0,chassis={number + 1}", *options]))
            self.ports.append(f"rp{number}")
        self.rng.shuffle(self.ports)

    def expander(self):
        for expander in range(self.pick(0, 1, 1, 1, 2)):
            self.expanded = True
            self.add("-device", f"pxb-pcie,id=pxb{expander},bus=pcie.0,bus_nr={64 + 64 * expander}")
            for number in range(self.pick(0, 1, 1, 2, 3)):
                name = f"prp{expander}{number}"
                self.add("-device", ",".join([f"pcie-root-port,id={name},bus=pxb{expander},slot={number}",
                                              f"chassis={100 + 10 * expander + number}", *self.root_port_options()]))
                self.ports.append(name)
        self.rng.shuffle(self.ports)


def draw(seed, index, firmware, qemu=None):
    rng = random.Random(f"crowded {seed} {index} {firmware}")
    qemu = qemu or rng.choice(tuple(VERSIONS))
    return {"seed": seed, "index": index, "firmware": firmware, "qemu": qemu, "argv": CrowdedConfig(rng, firmware, qemu).draw()}


def main():
    seed, count, *firmwares = sys.argv[1:]
    for index in range(int(count)):
        for firmware in firmwares:
            print(json.dumps(draw(int(seed), index, firmware)))


if __name__ == "__main__":
    main()
