// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Edits of QEMU's words in a domain: which words, what the domain then says instead of what, and
 * that the words that are made from it have the value.
 */
#include <errno.h>
#include <stdio.h>

#include "inject.h"
#include "table.h"
#include "vm/vm.h"

#define HEAD(arch, machine)                                                                        \
	"<domain type='kvm'>\n"                                                                    \
	"  <name>vm</name>\n"                                                                      \
	"  <memory unit='GiB'>4</memory>\n"                                                        \
	"  <vcpu>2</vcpu>\n"                                                                       \
	"  <os>\n"                                                                                 \
	"    <type arch='" arch "' machine='" machine "'>hvm</type>\n"                             \
	"  </os>\n"
#define Q35 HEAD("x86_64", "q35")
#define VIRT HEAD("aarch64", "virt")
#define FEATURES "  <features>\n    <acpi/>\n  </features>\n"
#define HOST "  <cpu mode='host-passthrough'/>\n"
#define DEVICES "  <devices>\n    <controller type='usb' model='none'/>\n"
#define HOSTDEV                                                                                    \
	"    <hostdev mode='subsystem' type='pci' managed='yes'>\n"                                \
	"      <source>\n"                                                                         \
	"        <address domain='0x0000' bus='0x06' slot='0x12' function='0x5'/>\n"               \
	"      </source>\n"                                                                        \
	"    </hostdev>\n"
#define HOSTDEV_(function, address)                                                                \
	"    <hostdev mode='subsystem' type='pci' managed='yes'>\n      <source>\n"                \
	"        <address domain='0x0000' bus='0x06' slot='0x12' function='0x" function            \
	"'/>\n      </source>\n" address "    </hostdev>\n"
#define HOSTDEV_2 HOSTDEV_("6", "")
#define HOSTDEV_AT(function, slot)                                                                 \
	HOSTDEV_(function, "      <address type='pci' domain='0x0000' bus='0x01' slot='" slot      \
			   "' function='0x0'/>\n")
#define BRIDGE                                                                                     \
	"    <controller type='pci' index='1' model='pcie-to-pci-bridge'/>\n"                      \
	"    <video><model type='cirrus'/><address type='pci' bus='0x01' slot='0x01'/></video>\n"
#define END "  </devices>\n</domain>\n"
#define INTEL(driver) Q35 FEATURES DEVICES "    <iommu model='intel'>" driver "</iommu>\n" END
#define OVERRIDE(property)                                                                         \
	"  <qemu:override>\n    <qemu:device alias='iommu0'>\n      <qemu:frontend>\n        "     \
	"<qemu:property name=" property                                                            \
	"/>\n      </qemu:frontend>\n    </qemu:device>\n  </qemu:override>\n"

enum { NEWEST, OLD, OLDER };
static const char *const managers[] = {NULL, "libvirt=9.0", "libvirt=6.0"};

/* One edit: of the n-th option of that name which has key (or driver) word; value NULL: UNSET. */
struct asked {
	const char *option;
	const char *with; /* "driver=intel-iommu"; NULL: any */
	const char *key, *value;
	enum edit_op op;
};

#define SET_(option, with, key, value)                                                             \
	{                                                                                          \
		option, with, key, value, EDIT_SET                                                 \
	}
#define UNSET_(option, with, key)                                                                  \
	{                                                                                          \
		option, with, key, NULL, EDIT_UNSET                                                \
	}
#define ADD_(option, value)                                                                        \
	{                                                                                          \
		option, NULL, NULL, value, EDIT_ADD                                                \
	}
#define REMOVE_(option, with)                                                                      \
	{                                                                                          \
		option, with, NULL, NULL, EDIT_REMOVE                                              \
	}
#define INTEL_(key, value) SET_("device", "driver=intel-iommu", key, value)

static const struct row {
	const char *name;
	const char *domain;
	struct asked asked[4];
	const char *from,
		*to; /* what is replaced in the domain; NULL: refused, and `to` says why */
	int manager;
} rows[] = {
	{"aw-bits",
	 INTEL("<driver aw_bits=\"48\"/>"),
	 {INTEL_("aw-bits", "39")},
	 "\"48\"",
	 "\"39\"",
	 0},
	{"caching-mode",
	 INTEL("<driver iotlb='on'/>"),
	 {INTEL_("caching-mode", "on")},
	 "'on'/>",
	 "'on' caching_mode='on'/>",
	 0},
	{"intremap",
	 INTEL("<driver intremap='on'/>"),
	 {INTEL_("intremap", "off")},
	 "'on'/>",
	 "'off'/>",
	 0},
	{"eim and iotlb",
	 INTEL("<driver/>"),
	 {INTEL_("device-iotlb", "on"), INTEL_("eim", "off")},
	 "<driver/>",
	 "<driver iotlb='on' eim='off'/>",
	 0},
	{"dma-translation",
	 INTEL("<driver/>"),
	 {INTEL_("dma-translation", "off")},
	 "<driver/>",
	 "<driver dma_translation='off'/>",
	 0},
	{"dma-translation of an old libvirt",
	 INTEL("<driver/>"),
	 {INTEL_("dma-translation", "off")},
	 NULL,
	 NULL,
	 OLD},
	{"an <iommu> without <driver>",
	 Q35 FEATURES DEVICES "    <iommu model='intel'/>\n" END,
	 {INTEL_("caching-mode", "on")},
	 "'intel'/>",
	 "'intel'>\n      <driver caching_mode='on'/>\n    </iommu>",
	 0},
	{"a setting less",
	 INTEL("<driver aw_bits='48' iotlb='on'/>"),
	 {UNSET_("device", "driver=intel-iommu", "aw-bits")},
	 " aw_bits='48'",
	 "",
	 0},
	{"the last setting less",
	 INTEL("<driver aw_bits='48'/>"),
	 {UNSET_("device", "driver=intel-iommu", "aw-bits")},
	 "<driver aw_bits='48'/>",
	 "",
	 0},
	{"another model",
	 INTEL("<driver caching_mode='on' aw_bits='48'/>"),
	 {UNSET_("device", "driver=intel-iommu", "caching-mode"),
	  UNSET_("device", "driver=intel-iommu", "aw-bits"), INTEL_("driver", "virtio-iommu-pci")},
	 "'intel'><driver caching_mode='on' aw_bits='48'/>",
	 "'virtio'>",
	 0},
	{"fsts",
	 INTEL("<driver aw_bits='48'/>"),
	 {INTEL_("fsts", "on")},
	 "</domain>",
	 OVERRIDE("'fsts' type='bool' value='true'") "</domain>",
	 0},
	{"pasid-bits",
	 INTEL("<driver aw_bits='48'/>"),
	 {INTEL_("pasid-bits", "20")},
	 "</domain>",
	 OVERRIDE("'pasid-bits' type='unsigned' value='20'") "</domain>",
	 0},
	{"a property before overrides",
	 INTEL("<driver aw_bits='48'/>"),
	 {INTEL_("snoop-control", "on")},
	 "</domain>",
	 "  <qemu:commandline>\n    <qemu:arg value='-global'/>\n    <qemu:arg "
	 "value='intel-iommu.snoop-control=on'/>\n  </qemu:commandline>\n</domain>",
	 OLDER},
	{"granule",
	 Q35 FEATURES DEVICES "    <iommu model='virtio'/>\n" END,
	 {SET_("device", "driver=virtio-iommu", "granule", "64k")},
	 "'virtio'/>",
	 "'virtio'>\n      <driver>\n        <granule size='64' unit='KiB'/>\n      </driver>\n    "
	 "</iommu>",
	 0},
	{"granule of the host",
	 Q35 FEATURES DEVICES
	 "    <iommu model='virtio'><driver><granule size='64' unit='KiB'/></driver></iommu>\n" END,
	 {SET_("device", "driver=virtio-iommu", "granule", "host")},
	 "size='64' unit='KiB'",
	 "mode='host'",
	 0},
	{"virtio's width",
	 Q35 FEATURES DEVICES "    <iommu model='virtio'><driver aw_bits='64'/></iommu>\n" END,
	 {SET_("device", "driver=virtio-iommu", "aw-bits", "48")},
	 "'64'",
	 "'48'",
	 0},
	{"amd: xtsup",
	 Q35 FEATURES DEVICES "    <iommu model='amd'><driver iotlb='on'/></iommu>\n" END,
	 {SET_("device", "driver=amd-iommu", "xtsup", "on")},
	 "'on'/>",
	 "'on' xtsup='on'/>",
	 0},
	{"amd: dma-remap",
	 Q35 FEATURES DEVICES "    <iommu model='amd'><driver iotlb='on'/></iommu>\n" END,
	 {SET_("device", "driver=amd-iommu", "dma-remap", "on")},
	 "</domain>",
	 "  <qemu:commandline>\n    <qemu:arg value='-global'/>\n    <qemu:arg "
	 "value='amd-iommu.dma-remap=on'/>\n  </qemu:commandline>\n</domain>",
	 0},
	{"smmuv3",
	 VIRT DEVICES "    <iommu model='smmuv3'><driver pciBus='0' accel='on'/></iommu>\n" END,
	 {SET_("device", "driver=arm-smmuv3", "oas", "48"),
	  SET_("device", "driver=arm-smmuv3", "ril", "off"),
	  SET_("device", "driver=arm-smmuv3", "ssidsize", "20")},
	 "accel='on'",
	 "accel='on' oas='48' ril='off' ssidsize='20'",
	 0},
	{"a root bus with an SMMU and a port of its own",
	 VIRT DEVICES
	 "    <iommu model='smmuv3'><driver pciBus='0' accel='on'/></iommu>\n" HOSTDEV END,
	 {SET_("device", "driver=vfio-pci", "bus", "pxb0-port"),
	  ADD_("device", "pxb-pcie,id=pxb0,bus_nr=128,bus=pcie.0"),
	  ADD_("device", "arm-smmuv3,primary-bus=pxb0,accel=on"),
	  ADD_("device", "pcie-root-port,id=pxb0-port,bus=pxb0,chassis=9")},
	 "      </source>\n    </hostdev>\n",
	 "      </source>\n"
	 "      <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>\n"
	 "    </hostdev>\n"
	 "    <controller type='pci' index='3' model='pcie-expander-bus'>\n"
	 "      <target busNr='128'/>\n"
	 "    </controller>\n"
	 "    <iommu model='smmuv3'>\n"
	 "      <driver pciBus='3' accel='on'/>\n"
	 "    </iommu>\n"
	 "    <controller type='pci' index='4' model='pcie-root-port'>\n"
	 "      <address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x0'/>\n"
	 "    </controller>\n",
	 0},
	{"a vIOMMU less",
	 Q35 FEATURES DEVICES "    <iommu model='intel'/>\n" HOSTDEV END,
	 {REMOVE_("device", "driver=intel-iommu")},
	 "    <iommu model='intel'/>\n",
	 "",
	 0},
	{"a vIOMMU more",
	 Q35 FEATURES DEVICES END,
	 {ADD_("device", "intel-iommu,caching-mode=on,fsts=on")},
	 "<controller type='usb' model='none'/>\n" END,
	 "<controller type='usb' model='none'/>\n    <iommu model='intel'>\n      <driver "
	 "caching_mode='on'/>\n    </iommu>\n"
	 "  </devices>\n" OVERRIDE("'fsts' type='bool' value='true'") "</domain>\n",
	 0},
	{"a host device less",
	 Q35 FEATURES DEVICES HOSTDEV END,
	 {REMOVE_("device", "driver=vfio-pci")},
	 HOSTDEV,
	 "",
	 0},
	{"IOMMUFD",
	 Q35 FEATURES DEVICES HOSTDEV END,
	 {SET_("device", "driver=vfio-pci", "iommufd", "iommufd0"),
	  ADD_("object", "iommufd,id=iommufd0")},
	 "managed='yes'>\n",
	 "managed='yes'>\n      <driver name='vfio' iommufd='yes'/>\n",
	 0},
	{"IOMMUFD of an old libvirt",
	 Q35 FEATURES DEVICES HOSTDEV END,
	 {SET_("device", "driver=vfio-pci", "iommufd", "iommufd0")},
	 NULL,
	 "vm.xml: IOMMUFD came with libvirt 12.1",
	 OLD},
	{"the legacy backend",
	 Q35 FEATURES "  <iommufd enabled='yes'/>\n" DEVICES HOSTDEV END,
	 {REMOVE_("object", "qom-type=iommufd"), UNSET_("device", "driver=vfio-pci", "iommufd")},
	 "managed='yes'>\n",
	 "managed='yes'>\n      <driver iommufd='no'/>\n",
	 0},
	{"a property of a host device",
	 Q35 FEATURES DEVICES HOSTDEV END,
	 {SET_("device", "driver=vfio-pci", "x-no-mmap", "on")},
	 "</domain>",
	 "  <qemu:override>\n    <qemu:device alias='hostdev0'>\n      <qemu:frontend>\n        "
	 "<qemu:property name='x-no-mmap' "
	 "type='bool' value='true'/>\n      </qemu:frontend>\n    </qemu:device>\n  "
	 "</qemu:override>\n</domain>",
	 0},
	{"the width's limit",
	 Q35 FEATURES HOST DEVICES END,
	 {SET_("cpu", NULL, "host-phys-bits-limit", "39")},
	 "passthrough'/>",
	 "passthrough'>\n    <maxphysaddr mode='passthrough' limit='39'/>\n  </cpu>",
	 0},
	{"a limit for a width",
	 Q35 FEATURES
	 "  <cpu mode='host-passthrough'><maxphysaddr mode='emulate' bits='42'/></cpu>\n" DEVICES
		 END,
	 {SET_("cpu", NULL, "host-phys-bits-limit", "42")},
	 "mode='emulate' bits='42'",
	 "mode='passthrough' limit='42'",
	 0},
	{"phys-bits",
	 Q35 FEATURES "  <cpu mode='custom'>\n    <model>Nehalem</model>\n    <feature "
		      "policy='require' name='vmx'/>\n  </cpu>\n" DEVICES END,
	 {SET_("cpu", NULL, "phys-bits", "42")},
	 "Nehalem</model>\n",
	 "Nehalem</model>\n    <maxphysaddr mode='emulate' bits='42'/>\n",
	 0},
	{"phys-bits without <cpu>",
	 Q35 FEATURES DEVICES END,
	 {SET_("cpu", NULL, "phys-bits", "42")},
	 "</features>\n",
	 "</features>\n  <cpu>\n    <maxphysaddr mode='emulate' bits='42'/>\n  </cpu>\n",
	 0},
	{"no limit",
	 Q35 FEATURES "  <cpu mode='host-passthrough'><maxphysaddr mode='passthrough' "
		      "limit='39'/></cpu>\n" DEVICES END,
	 {UNSET_("cpu", NULL, "host-phys-bits-limit")},
	 " limit='39'",
	 "",
	 0},
	{"guest-phys-bits",
	 Q35 FEATURES HOST DEVICES END,
	 {SET_("cpu", NULL, "guest-phys-bits", "39")},
	 NULL,
	 "vm.xml: libvirt has no word for guest-phys-bits; <maxphysaddr mode='passthrough' "
	 "limit=...> narrows the whole vCPU",
	 0},
	{"irqchip",
	 Q35 FEATURES DEVICES END,
	 {SET_("machine", NULL, "kernel-irqchip", "split")},
	 "    <acpi/>\n",
	 "    <acpi/>\n    <ioapic driver='qemu'/>\n",
	 0},
	{"irqchip that is there",
	 Q35 "  <features><acpi/><ioapic driver='kvm'/></features>\n" DEVICES END,
	 {UNSET_("machine", NULL, "kernel_irqchip"),
	  SET_("machine", NULL, "kernel-irqchip", "split")},
	 "'kvm'/>",
	 "'qemu'/>",
	 0},
	{"irqchip without features",
	 Q35 DEVICES END,
	 {SET_("machine", NULL, "kernel-irqchip", "split")},
	 "  </os>\n",
	 "  </os>\n  <features>\n    <ioapic driver='qemu'/>\n  </features>\n",
	 0},
	{"machine type",
	 Q35 FEATURES DEVICES END,
	 {SET_("machine", NULL, "type", "pc-q35-9.0")},
	 "machine='q35'",
	 "machine='pc-q35-9.0'",
	 0},
	{"RAM", Q35 FEATURES DEVICES END, {SET_("m", NULL, "size", "8192M")}, ">4<", ">8<", 0},
	{"RAM in another unit",
	 Q35 FEATURES DEVICES END,
	 {SET_("m", NULL, "size", "1536")},
	 "'GiB'>4<",
	 "'MiB'>1536<",
	 0},
	{"maxmem and slots",
	 Q35 FEATURES DEVICES END,
	 {SET_("m", NULL, "slots", "3"), SET_("m", NULL, "maxmem", "16384M")},
	 "  <memory",
	 "  <maxMemory slots='3' unit='GiB'>16</maxMemory>\n  <memory",
	 0},
	{"less maxmem",
	 "<domain type='kvm'><maxMemory slots='2' "
	 "unit='KiB'>67108864</maxMemory><memory>4194304</memory><os><type arch='x86_64' "
	 "machine='q35'>hvm</type></os>"
	 "<cpu mode='host-passthrough'><numa><cell id='0' cpus='0' "
	 "memory='4194304'/></numa></cpu></domain>",
	 {SET_("m", NULL, "maxmem", "32768M")},
	 ">67108864<",
	 ">33554432<",
	 0},
	{"64-bit hole",
	 Q35 FEATURES DEVICES "    <controller type='pci' index='0' model='pcie-root'>\n      "
			      "<pcihole64 unit='KiB'>1048576</pcihole64>\n    </controller>\n" END,
	 {SET_("global", "property=pci-hole64-size", "value", "4294967296")},
	 ">1048576<",
	 ">4194304<",
	 0},
	{"a 64-bit hole",
	 Q35 FEATURES DEVICES "    <controller type='pci' index='0' model='pcie-root'/>\n" END,
	 {ADD_("global", "q35-pcihost.pci-hole64-size=64G")},
	 "'pcie-root'/>",
	 "'pcie-root'>\n      <pcihole64 unit='GiB'>64</pcihole64>\n    </controller>",
	 0},
	{"a firmware string",
	 Q35 FEATURES DEVICES END,
	 {ADD_("fw_cfg", "name=opt/ovmf/X-PciMmio64Mb,string=65536")},
	 "  <os>\n",
	 "  <sysinfo type='fwcfg'>\n    <entry name='opt/ovmf/X-PciMmio64Mb'>65536</entry>\n  "
	 "</sysinfo>\n  <os>\n",
	 0},
	{"another firmware string",
	 "<domain type='kvm'><memory>4194304</memory><sysinfo type='fwcfg'><entry "
	 "name='opt/a'>1</entry></sysinfo><os><type arch='x86_64' "
	 "machine='q35'>hvm</type></os></domain>",
	 {SET_("fw_cfg", "name=opt/a", "string", "2")},
	 ">1<",
	 ">2<",
	 0},
	{"a word of the user's",
	 "<domain type='kvm' "
	 "xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><memory>4194304</memory><os><type "
	 "arch='x86_64' machine='q35'>hvm</type></os>"
	 "<q:commandline><q:arg value='-device'/><q:arg "
	 "value='intel-iommu,x=1'/></q:commandline></domain>",
	 {INTEL_("aw-bits", "39")},
	 "x=1'",
	 "x=1,aw-bits=39'",
	 0},
	{"a word of the user's less",
	 "<domain type='kvm' "
	 "xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><memory>4194304</memory><os><type "
	 "arch='x86_64' machine='q35'>hvm</type></os>"
	 "<q:commandline><q:arg value='-device'/><q:arg "
	 "value='intel-iommu,x=1'/></q:commandline></domain>",
	 {REMOVE_("device", "driver=intel-iommu")},
	 "<q:commandline><q:arg value='-device'/><q:arg value='intel-iommu,x=1'/></q:commandline>",
	 "",
	 0},
	{"any other device",
	 Q35 FEATURES DEVICES END,
	 {ADD_("device", "pcie-root-port,id=rp0")},
	 "</domain>",
	 "  <qemu:commandline>\n    <qemu:arg value='-device'/>\n    <qemu:arg "
	 "value='pcie-root-port,id=rp0'/>\n  </qemu:commandline>\n</domain>",
	 0},
	{"a granule that an override says, taken back",
	 "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n  "
	 "<memory>4194304</memory>\n  <os><type arch='x86_64' machine='q35'>hvm</type></os>\n"
	 "  <devices>\n    <iommu model='virtio'/>\n  </devices>\n" OVERRIDE(
		 "'granule' type='unsigned' value='4096'") "</domain>",
	 {UNSET_("device", "driver=virtio-iommu", "granule")},
	 OVERRIDE("'granule' type='unsigned' value='4096'"),
	 "",
	 0},
	{"an override taken back",
	 "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n  "
	 "<memory>4194304</memory>\n  <os><type arch='x86_64' machine='q35'>hvm</type></os>\n"
	 "  <devices>\n    <iommu model='intel'/>\n  </devices>\n" OVERRIDE(
		 "'fsts' type='bool' value='true'") "</domain>",
	 {UNSET_("device", "driver=intel-iommu", "fsts")},
	 OVERRIDE("'fsts' type='bool' value='true'"),
	 "",
	 0},
	{"two devices behind a bridge",
	 Q35 FEATURES DEVICES BRIDGE HOSTDEV HOSTDEV_2 END,
	 {SET_("device", "host=0000:06:12.5", "bus", "pci.1"),
	  SET_("device", "host=0000:06:12.6", "bus", "pci.1"),
	  UNSET_("device", "host=0000:06:12.6", "addr")},
	 HOSTDEV HOSTDEV_2,
	 HOSTDEV_AT("5", "0x02") HOSTDEV_AT("6", "0x03"),
	 0},
	{"a move",
	 INTEL(""),
	 {{"device", "driver=intel-iommu", NULL, NULL, EDIT_MOVE}},
	 NULL,
	 "vm.xml: libvirt orders devices by itself",
	 0},
};

static struct iof_vm *load(const char *text, const char *manager)
{
	struct iof_vm_options options = {.size = sizeof(options), .manager = manager};
	struct iof_ctx *ctx = NULL;
	struct iof_vm *vm = NULL;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	if (iof_vm_load_config(ctx, IOF_LANGUAGE_LIBVIRT, text, strlen(text), "vm.xml", &options,
			       &vm))
		fail_msg("%s\n%s", iof_ctx_error(ctx), text);
	iof_ctx_unref(ctx);
	return vm;
}

static bool has_pair(const struct vm_option *option, const char *with)
{
	const char *equal = with ? strchr(with, '=') : NULL;

	for (size_t i = 0; equal && i < option->n_pairs; i++) {
		if (strncmp(option->pairs[i].key, with, (size_t)(equal - with)) == 0 &&
		    str_eq(option->pairs[i].value, equal + 1))
			return true;
	}
	return !with;
}

static size_t find_option(const struct iof_vm *vm, const struct asked *a)
{
	size_t i = 0;

	while (i < vm->n_options &&
	       !(str_eq(vm->options[i].name, a->option) && has_pair(&vm->options[i], a->with)))
		i++;
	return i;
}

static size_t make_edits(const struct iof_vm *vm, const struct row *row, struct vm_edit *edits)
{
	size_t n = 0;

	for (; n < ARRAY_SIZE(row->asked) && row->asked[n].option; n++) {
		const struct asked *a = &row->asked[n];

		edits[n] = (struct vm_edit){.op = a->op,
					    .option = find_option(vm, a),
					    .key = a->key,
					    .value = a->value,
					    .name = a->option,
					    .before = 0};
		if (a->op == EDIT_ADD)
			edits[n].option = vm->n_options;
		else
			assert_true(edits[n].option < vm->n_options);
	}
	return n;
}

static char *replaced(const struct row *row)
{
	const char *at = strstr(row->domain, row->from);
	struct buf out = {0};

	assert_non_null(at);
	assert_null(strstr(at + 1, row->from));
	buf_append(&out, row->domain, (size_t)(at - row->domain));
	buf_puts(&out, row->to);
	buf_puts(&out, at + strlen(row->from));
	return buf_steal(&out);
}

/* The name space is declared with the first name of it. */
static char *with_space(char *text)
{
	struct buf out = {0};

	if (!strstr(text, "<qemu:") || strstr(text, "xmlns:qemu"))
		return text;
	buf_puts(&out, "<domain type='kvm' "
		       "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>");
	buf_puts(&out, strchr(text, '>') + 1);
	free(text);
	return buf_steal(&out);
}

/* libvirt gives a bus that is added a name of its own, by its number. */
static bool is_added_bus(const struct row *row, const char *name)
{
	char id[64];

	snprintf(id, sizeof(id), "id=%s,", name);
	for (size_t i = 0; i < ARRAY_SIZE(row->asked) && row->asked[i].option; i++) {
		if (row->asked[i].op == EDIT_ADD && strstr(row->asked[i].value, id))
			return true;
	}
	return false;
}

/* The words say it now, or no longer. */
static void check_values(const struct row *row, const struct iof_vm *edited)
{
	for (size_t i = 0; i < ARRAY_SIZE(row->asked) && row->asked[i].option; i++) {
		const struct asked *a = &row->asked[i];
		size_t at = find_option(edited, a);

		if (a->op == EDIT_REMOVE)
			assert_int_equal(at, edited->n_options);
		if (a->op == EDIT_UNSET && at < edited->n_options && i == 0 &&
		    !row->asked[1].option)
			assert_null(option_pair(&edited->options[at], a->key));
		if (a->op != EDIT_SET || !a->with || !str_eq(a->option, "device") ||
		    str_eq(a->key, "driver") || strstr(row->to, "-global"))
			continue;
		assert_true(at < edited->n_options);
		if (str_eq(a->value, "on") &&
		    str_eq(option_value(&edited->options[at], a->key), "true"))
			continue;
		if (is_added_bus(row, a->value))
			assert_string_equal(option_value(&edited->options[at], a->key), "pci.4");
		else
			assert_string_equal(option_value(&edited->options[at], a->key), a->value);
	}
}

static void test_row(void **state)
{
	const struct row *row = *state;
	struct iof_vm *vm = load(row->domain, managers[row->manager]), *edited = NULL;
	struct arena *arena = arena_new(4096);
	struct vm_edit edits[4];
	const char *const *argv;
	const char *text;
	size_t n = make_edits(vm, row, edits), length;
	struct iof_ctx *ctx;
	char *expected;
	int err;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	err = vm_edit_text(ctx, vm, edits, n, arena, &text, &length, &argv);
	if (!row->from && row->to) {
		assert_int_equal(err, -EOPNOTSUPP);
		assert_string_equal(iof_ctx_error(ctx), row->to);
	} else if (!row->from) {
		/* By an override, which is a row of its own. */
		assert_int_equal(err, 0);
		assert_non_null(strstr(text, "<qemu:property name='dma-translation' type='bool' "
					     "value='false'/>"));
	} else {
		if (err)
			fail_msg("%s", iof_ctx_error(ctx));
		expected = with_space(replaced(row));
		assert_string_equal(text, expected);
		assert_int_equal(length, strlen(text));
		free(expected);
		assert_int_equal(vm_edit_structure(ctx, vm, edits, n, &edited), 0);
		check_values(row, edited);
	}
	iof_vm_unref(edited);
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
	arena_free(arena);
}

/* ---- what the reader finds and this cures ---- */

static const struct cure_row {
	const char *name;
	const char *domain;
	const char *from, *to;
} cures[] = {
	{"ssidSize",
	 VIRT DEVICES
	 "    <iommu model='smmuv3'><driver pciBus='0' accel='on' ssidSize='20'/></iommu>\n" END,
	 "ssidSize", "ssidsize"},
	{"bits of the host's own CPU",
	 Q35 FEATURES
	 "  <cpu mode='host-passthrough'><maxphysaddr mode='emulate' bits='42'/></cpu>\n" DEVICES
		 END,
	 "mode='emulate' bits='42'", "mode='passthrough' limit='42'"},
};

static void test_cure(void **state)
{
	const struct cure_row *row = *state;
	const struct row as_row = {.domain = row->domain, .from = row->from, .to = row->to};
	struct iof_vm *vm = load(row->domain, NULL);
	struct arena *arena = arena_new(4096);
	struct vm_edit edit = {.op = EDIT_REMARK};
	char *expected = replaced(&as_row);
	const char *const *argv;
	const char *text;
	size_t length;

	while (edit.option < vm->n_remarks && !vm->remarks[edit.option].has_cure)
		edit.option++;
	assert_true(edit.option < vm->n_remarks);
	assert_int_equal(vm_edit_text(NULL, vm, &edit, 1, arena, &text, &length, &argv), 0);
	assert_string_equal(text, expected);
	free(expected);
	iof_vm_unref(vm);
	arena_free(arena);
}

/* ---- memory ---- */

static void test_allocations(void **state)
{
	struct iof_vm *vm = load(rows[6].domain, NULL);
	unsigned failed = 0;

	(void)state;
	for (unsigned n = 1;; n++) {
		struct arena *arena;
		struct vm_edit edits[3] = {
			{.op = EDIT_SET, .key = "fsts", .value = "on"},
			{.op = EDIT_SET, .key = "caching-mode", .value = "on"},
			{.op = EDIT_ADD, .name = "fw_cfg", .value = "name=opt/a,string=1"}};
		const struct asked intel = {.option = "device", .with = "driver=intel-iommu"};
		const char *const *argv;
		const char *text;
		size_t length;
		int err;

		edits[0].option = edits[1].option = find_option(vm, &intel);
		edits[2].option = vm->n_options;
		arena = arena_new(512);
		inject_failure(n, false);
		err = vm_edit_text(NULL, vm, edits, 3, arena, &text, &length, &argv);
		arena_free(arena);
		if (!inject_happened())
			break;
		assert_int_equal(err, -ENOMEM);
		failed++;
	}
	inject_failure(0, false);
	assert_true(failed > 5);
	iof_vm_unref(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_allocations)};

	return RUN_TABLE(rows, test_row) + RUN_TABLE(cures, test_cure) +
	       cmocka_run_group_tests_name("libvirt edit", tests, NULL, NULL);
}
