#!/bin/sh
# A VM whose virtual IOMMU is wider than the IOMMU of many a desktop.
exec qemu-system-x86_64 \
	-nodefaults \
	-machine q35,kernel-irqchip=split -accel kvm -cpu host -m 4G \
	-device intel-iommu,intremap=on,caching-mode=on,aw-bits=48 \
	-device vfio-pci,host=0000:00:05.0,id=net
