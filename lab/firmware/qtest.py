"""PCI configuration space of a QEMU whose CPU does not run, through QEMU's qtest protocol.

Each register is read and sized as firmware would do it, which also shows what `query-pci` leaves out: the option
ROM, and devices behind bridges.
"""
import os
import subprocess
import threading

HERE = os.path.dirname(os.path.abspath(__file__))

HEADER_TYPE, CLASS, BAR0, BUSES = 0x0e, 0x08, 0x10, 0x18
ROM_OF_HEADER = {0: 0x30, 1: 0x38, 2: None}
BARS_OF_HEADER = {0: 6, 1: 2, 2: 0}


class Refused(Exception):
    """QEMU did not start; the text is what it said."""


class Machine:
    def __init__(self, suite, args, timeout=20):
        # With -S and not with the qtest accelerator: Debian packs that as a module, and 12's not at all.
        self.process = subprocess.Popen(
            [os.path.join(HERE, "qemu.sh"), suite, "-S", "-display", "none", "-qtest", "stdio", "-qtest-log", "none",
             *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.watchdog = threading.Timer(timeout, self.process.kill)
        self.watchdog.start()
        try:
            self.ask("inb 0x80")
        except (BrokenPipeError, Refused):
            self.process.wait()  # it is ending by itself, and its last words are still to come
            raise Refused(self._end().strip()) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end()

    def _end(self):
        """Stops QEMU; what it had said on standard error."""
        if self.process.poll() is None:
            self.process.kill()
        self.watchdog.cancel()
        return self.process.communicate()[1]

    def ask(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("OK"):
                return int(line.split()[1], 16) if len(line.split()) > 1 else 0
        raise Refused("no answer")

    def _select(self, bdf, register):
        bus, slot, function = bdf
        self.ask(f"outl 0xcf8 {0x80000000 | bus << 16 | slot << 11 | function << 8 | register & 0xfc:#x}")

    def read(self, bdf, register):
        self._select(bdf, register)
        return self.ask("inl 0xcfc")

    def write(self, bdf, register, value):
        self._select(bdf, register)
        self.ask(f"outl 0xcfc {value:#x}")

    def devices(self, bus=0):
        """The functions on a bus."""
        found = []
        for slot in range(32):
            for function in range(8):
                bdf = (bus, slot, function)
                if self.read(bdf, 0) & 0xffff != 0xffff:
                    found.append(bdf)
        return found

    def header(self, bdf):
        return self.read(bdf, HEADER_TYPE & 0xfc) >> 16 & 0x7f

    def class_code(self, bdf):
        return self.read(bdf, CLASS) >> 8

    def ids(self, bdf):
        both = self.read(bdf, 0)
        return both & 0xffff, both >> 16

    def _mask(self, bdf, register):
        """What can be written to a register: all ones in, the answer out, the old value restored."""
        old = self.read(bdf, register)
        self.write(bdf, register, 0xffffffff)
        mask = self.read(bdf, register)
        self.write(bdf, register, old)
        return mask

    def bars(self, bdf):
        """(index or "rom", kind, size) with kind io, mem32, mem32p, mem64, mem64p."""
        found, index, header = [], 0, self.header(bdf)
        while index < BARS_OF_HEADER[header]:
            kind = self.read(bdf, BAR0 + 4 * index) & 15    # below 16 bytes these bits can be written, too: pvpanic
            low = self._mask(bdf, BAR0 + 4 * index)
            if not low:
                index += 1
                continue
            if not kind & 1 and low & 15 != kind:
                found.append((index, "mem32", -low & 0xffffffff))
                index += 1
                continue
            wide = low & 7 == 4
            high = self._mask(bdf, BAR0 + 4 * index + 4) if wide else 0xffffffff
            found.append((index, *_kind_and_size(low, high)))
            index += 2 if wide else 1
        rom = ROM_OF_HEADER[header] and self._mask(bdf, ROM_OF_HEADER[header]) & ~0x7ff
        if rom:
            found.append(("rom", "mem32", -rom & 0xffffffff))
        return found

    def set_bus(self, bridge, number):
        self.write(bridge, BUSES, number << 16 | number << 8 | bridge[0])


def _kind_and_size(low, high):
    if low & 1:
        return "io", -(low & ~3 | 0xffff0000) & 0xffffffff
    kind = ("mem64" if low & 6 == 4 else "mem32") + ("p" if low & 8 else "")
    return kind, -(high << 32 | low & ~15) & 0xffffffffffffffff
