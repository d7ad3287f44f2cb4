#!/bin/sh
# A desktop with a GPU for itself and a virtual IOMMU, as many a guide writes it. On a host whose IOMMU knows 39 address
# bits it does not start: since QEMU 10.0 the virtual IOMMU asks for 48.
exec qemu-system-x86_64 \
	-name desktop \
	-machine pc-q35-10.1,accel=kvm,kernel-irqchip=split \
	-cpu host -smp 8 -m 16G \
	-nodefaults \
	-device intel-iommu,intremap=on,caching-mode=on \
	-device pcie-root-port,id=rp0,chassis=1,slot=1 \
	-device vfio-pci,host=0000:01:00.0,bus=rp0,x-vga=off \
	-drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
	-drive if=pflash,format=raw,file=/var/lib/vm/desktop_VARS.fd \
	-drive if=none,id=disk0,format=qcow2,file=/var/lib/vm/desktop.qcow2 \
	-device virtio-blk-pci,drive=disk0 \
	-display none -monitor stdio
