/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hosts of the cases: captures as they are, and captures changed to what no capture has. */
#include "rules.h"

#define CAP "*/intel-iommu/cap"
#define ECAP "*/intel-iommu/ecap"
#define CONFIG "/sys/devices/pci0000:00/" BDF "/config"
#define REGIONS "/sys/kernel/iommu_groups/3/reserved_regions"
#define MSI "0x00000000fee00000 0x00000000feefffff msi\n"
#define MATE "/sys/devices/pci0000:00/0000:00:0d.0/0000:02:02.0"

const struct rule_host host_intel39 = {.capture = "intel39-pb46"};
const struct rule_host host_intel39_unbound = {.capture = "intel39-pb46.unbound"};
const struct rule_host host_intel48 = {.capture = "intel48-pb48"};
const struct rule_host host_amd = {.capture = "amd-pb48"};
const struct rule_host host_first_stage = {.capture = "intelsm-fsts-pb48"};
const struct rule_host host_no_remapping = {.capture = "intel48-noir"};
const struct rule_host host_off = {.capture = "intel48-off"};
const struct rule_host host_none = {.capture = "none-pb46"};
const struct rule_host host_virtio = {.capture = "virtio39-unsafe"};

/*
 * Units that can nest (VT-d 4.1 chapter 11.4): SMTS 43, SSTS 46, FSTS 47 and NEST 26 in ECAP. MGAW
 * 57 with four and five levels in both stages (FS5LP 60), as servers have it; FS1GP is bit 56 of
 * CAP. With PASID 40 and PSS 9: ten bits.
 */
const struct rule_host host_nesting = {
	.capture = "intelsm-pb46",
	.changes = {TEXT(CAP, "91d2008c22380c06\n"), TEXT(ECAP, "c80084f00f4a\n")}};
const struct rule_host host_nesting_no_1g = {
	.capture = "intelsm-pb46",
	.changes = {TEXT(CAP, "90d2008c22380c06\n"), TEXT(ECAP, "c80084f00f4a\n")}};
const struct rule_host host_nesting_pasid = {
	.capture = "intelsm-pb46",
	.changes = {TEXT(CAP, "91d2008c22380c06\n"), TEXT(ECAP, "c94884f00f4a\n")},
	.has_pasid = true};
/* MGAW 48: a plain domain has 47 bits (first stage), a nesting parent 48 (second stage). */
const struct rule_host host_nesting_48 = {
	.capture = "intelsm-pb46",
	.changes = {TEXT(CAP, "81d2008c222f0606\n"), TEXT(ECAP, "c80084f00f4a\n")}};
/* An AMD unit that can nest: EFR GTSup 4 and GIOSup 48, EFR2 GCR3TRPMode 3. */
const struct rule_host host_nesting_amd = {
	.capture = "amd-pb48", .changes = {TEXT("*/amd-iommu/features", "10000000029d3:8\n")}};

/* SSADS 45 and SMPWC 48 besides: domains that track dirty pages have the second stage's 48 bits. */
const struct rule_host host_tracking = {
	.capture = "intelsm-pb46",
	.changes = {TEXT(CAP, "81d2008c222f0606\n"), TEXT(ECAP, "1e80084f00f4a\n")}};

/* What a kernel answered, with the registers of host_nesting unless said otherwise: flags (erratum
 * 772415), CAP and ECAP, little-endian. */
#define VTD(flags, cap, ecap) flags "00000000000000" cap ecap
#define CAP_1G "060c38228c00d291"
#define CAP_NO_1G "060c38228c00d290"
#define ECAP_NEST "4a0ff08400c80000"
#define ECAP_10_PASID_BITS "4a0ff08448c90000"
#define TOLD(parent, type, data, pasid)                                                            \
	"{\"schema\":\"iommufit.measured/1\",\"devices\":[{\"bdf\":\"" BDF "\",\"domains\":{"      \
	"\"nest-parent\":" parent "},\"hw_info\":{\"type\":" type ",\"data\":\"" data              \
	"\",\"capabilities\":\"0x0\",\"max_pasid_log2\":" pasid "}}]}"
#define REFUSED(error) "{\"errno\":" error ",\"call\":\"IOMMU_HWPT_ALLOC\"}"
#define PARENT(last)                                                                               \
	"{\"ranges\":[[\"0x0\",\"0xfedfffff\"],[\"0xfef00000\",\"" last "\"]],\"alignment\":4096}"
#define PARENT_57 PARENT("0x1ffffffffffffff")
#define NESTING_CHANGES                                                                            \
	{                                                                                          \
		TEXT(CAP, "91d2008c22380c06\n"), TEXT(ECAP, "c80084f00f4a\n")                      \
	}
const struct rule_host host_told_none = {
	.capture = "intelsm-pb46",
	.changes = NESTING_CHANGES,
	.measured = TOLD(REFUSED("95"), "1", VTD("01", CAP_1G, ECAP_NEST), "0")};
/* Its registers do not say so, but the kernel makes a parent. */
const struct rule_host host_told_parent = {
	.capture = "intelsm-pb46",
	.measured = TOLD(PARENT("0xffffffffffff"), "1", VTD("01", CAP_1G, ECAP_NEST), "0")};
const struct rule_host host_told_moment = {
	.capture = "intelsm-pb46",
	.changes = NESTING_CHANGES,
	.measured = TOLD(REFUSED("12"), "1", VTD("01", CAP_1G, ECAP_NEST), "0")};
const struct rule_host host_told_other = {.capture = "intelsm-pb46",
					  .changes = NESTING_CHANGES,
					  .measured = TOLD(PARENT_57, "0", "", "0")};
const struct rule_host host_told_no_1g = {
	.capture = "intelsm-pb46",
	.changes = NESTING_CHANGES,
	.measured = TOLD(PARENT_57, "1", VTD("01", CAP_NO_1G, ECAP_NEST), "0")};
/* Its configuration space has a PASID capability, which the kernel did not switch on. */
const struct rule_host host_told_no_pasid = {
	.capture = "intelsm-pb46",
	.changes = NESTING_CHANGES,
	.has_pasid = true,
	.measured = TOLD(PARENT_57, "1", VTD("01", CAP_1G, ECAP_10_PASID_BITS), "0")};
const struct rule_host host_told_pasid = {
	.capture = "intelsm-pb46",
	.changes = NESTING_CHANGES,
	.measured = TOLD(PARENT_57, "1", VTD("01", CAP_1G, ECAP_10_PASID_BITS), "10")};
const struct rule_host host_told_narrow = {
	.capture = "intelsm-pb46",
	.changes = NESTING_CHANGES,
	.measured = TOLD(PARENT("0x7fffffffff"), "1", VTD("01", CAP_1G, ECAP_NEST), "0")};
const struct rule_host host_told_no_erratum = {
	.capture = "intelsm-pb46",
	.changes = NESTING_CHANGES,
	.measured = TOLD(PARENT_57, "1", VTD("00", CAP_1G, ECAP_NEST), "0")};

/* Firmware wants the device mapped one to one. */
#define DIRECT                                                                                     \
	{                                                                                          \
		TEXT(REGIONS, "0x000000007c000000 0x000000007fffffff direct\n" MSI)                \
	}
#define RELAXABLE                                                                                  \
	{                                                                                          \
		TEXT(REGIONS, "0x000000007c000000 0x000000007fffffff direct-relaxable\n" MSI)      \
	}
const struct rule_host host_direct = {.capture = "intel39-pb46", .changes = DIRECT};
const struct rule_host host_direct_6_5 = {
	.capture = "intel39-pb46", .kernel = "6.5", .changes = DIRECT};
const struct rule_host host_direct_6_6 = {
	.capture = "intel39-pb46", .kernel = "6.6", .changes = DIRECT};
/* MGAW 30 with three-level tables only: no width for which Linux 7.2 makes a domain. */
const struct rule_host host_no_domain = {
	.capture = "intel39-pb46", .changes = {TEXT("*/intel-iommu/cap", "80d2008c221d0206\n")}};
const struct rule_host host_relaxable = {.capture = "intel39-pb46", .changes = RELAXABLE};

/* 0000:02:02.0, in one group with 02:01.0: with a driver of the host; and the only one of the two
 * that is bound. */
const struct rule_host host_mate_busy = {
	.capture = "intel39-pb46",
	.changes = {LINK(MATE "/driver", "../../../../bus/pci/drivers/e1000e"),
		    WITHOUT(MATE "/vfio-dev*")}};
const struct rule_host host_mate_only = {
	.capture = "intel39-pb46",
	.changes = {WITHOUT(MATE "/driver"), WITHOUT(MATE "/vfio-dev*")}};

/* Before 6.2 there is no iommufd, before 6.6 no device file of it. */
const struct rule_host host_kernel_6_1 = {
	.capture = "intel39-pb46",
	.changes = {TEXT("/proc/version", "Linux version 6.1.0\n"), WITHOUT("/sys/module/iommufd*"),
		    TEXT("/proc/misc", "196 vfio\n"), TEXT("/proc/devices", "Character devices:\n"),
		    WITHOUT("/proc/config.gz")}};
/* A plain user may not read the table that says how wide AMD's addresses are. */
const struct rule_host host_ivrs_hidden = {.capture = "amd-pb48",
					   .changes = {DENIED("/sys/firmware/acpi/tables/IVRS")}};
const struct rule_host host_no_hugepages = {
	.capture = "intel39-pb46", .changes = {TEXT("*/hugepages-2048kB/free_hugepages", "0\n")}};

/* The device with the BAR of 16 GiB is a GPU. */
const struct rule_host host_gpu = {
	.capture = "intel39-pb46",
	.changes = {TEXT("/sys/devices/pci0000:00/0000:00:07.0/class", "0x030000\n")}};

/* Before 6.19 the kernel makes no dma-buf of BARs. */
const struct rule_host host_kernel_6_12 = {.capture = "intel39-pb46", .kernel = "6.12"};
const struct rule_host host_first_stage_6_12 = {.capture = "intelsm-fsts-pb48", .kernel = "6.12"};
const struct rule_host host_first_stage_6_13 = {.capture = "intelsm-fsts-pb48", .kernel = "6.13"};
const struct rule_host host_virtio_6_12 = {.capture = "virtio39-unsafe", .kernel = "6.12"};
/* 0000:00:06.0 has a reserved region that 0000:00:05.0 has not. */
const struct rule_host host_two_ranges = {
	.capture = "intel39-pb46",
	.changes = {TEXT("/sys/kernel/iommu_groups/4/reserved_regions",
			 "0x0000000200000000 0x00000002ffffffff reserved\n" MSI)}};

const struct rule_host host_locked_1m = {.capture = "intel48-pb48", .memlock = 1 << 20};
const struct rule_host host_locked_64m = {.capture = "intel48-pb48", .memlock = 64 << 20};
const struct rule_host host_locked_65m = {.capture = "intel48-pb48", .memlock = 65 << 20};

/*
 * SMMUv3 hosts. Their registers are IOMMU_GET_HW_INFO's (flags, IDR0 to IDR5, IIDR, AIDR), little
 * endian; fields by Arm IHI 0070 section 6.3. The first is what the capture's own unit answered:
 * QEMU's model, which cannot nest for want of S2FWB (IDR3 bit 8).
 */
#define LOG "/lab/dmesg.txt"
#define SMMU_ANSWER(bdf, idr0, idr1, idr3, idr5)                                                   \
	"{\"bdf\":\"" bdf "\",\"kernel\":\"7.2.13\",\"hw_info\":{\"type\":2,\"data\":"             \
	"\"0000000000000000" idr0 idr1 "00000000" idr3 "00000000" idr5                             \
	"0000000001000000\",\"max_pasid_log2\":0},\"domains\":{}}"
#define ANSWERS(devices)                                                                           \
	"{\"schema\":\"iommufit.measured/"                                                         \
	"1\",\"boot_id\":\"0b6e8f1c-7d0c-4c58-9f38-0c7c0a1f2b3d\","                                \
	"\"devices\":[" devices "]}"
/* What the log says of the driver would win over the registers. */
#define SMMU(idr0, idr1, idr3, idr5)                                                               \
	{                                                                                          \
		.capture = "arm-smmu", .changes = {WITHOUT(LOG)},                                  \
		.measured = ANSWERS(SMMU_ANSWER(BDF, idr0, idr1, idr3, idr5))                      \
	}
#define IDR0 "1b14440d" /* ATS, both stages, 2-level stream tables, little endian, AArch64 */
#define IDR1 "10057302" /* 16 bits of stream ID, 20 of substream ID */
#define IDR3 "14150000" /* range invalidation, S2FWB */
#define IDR5 "75000000" /* 48 bits out, all granules */
const struct rule_host host_smmu = {.capture = "arm-smmu"};
const struct rule_host host_smmu_measured = SMMU("1b10440d", "10007302", "14140000", "74000000");
const struct rule_host host_smmu_accel = SMMU(IDR0, IDR1, IDR3, IDR5);
const struct rule_host host_smmu_linear = SMMU("1b144405", IDR1, IDR3, IDR5);
const struct rule_host host_smmu_big_endian = SMMU("1b14640d", IDR1, IDR3, IDR5);
const struct rule_host host_smmu_aarch32 = SMMU("1714440d", IDR1, IDR3, IDR5);
const struct rule_host host_smmu_sids = SMMU(IDR0, "0e057302", IDR3, IDR5);
const struct rule_host host_smmu_no_ril = SMMU(IDR0, IDR1, "14110000", IDR5);
const struct rule_host host_smmu_oas42 = SMMU(IDR0, IDR1, IDR3, "73000000");
const struct rule_host host_smmu_no_4k = SMMU(IDR0, IDR1, IDR3, "65000000");
const struct rule_host host_smmu_no_16k = SMMU(IDR0, IDR1, IDR3, "55000000");
const struct rule_host host_smmu_no_64k = SMMU(IDR0, IDR1, IDR3, "35000000");
/* Its root complex is not QEMU's: real hardware, of which only the log is read. */
const struct rule_host host_smmu_unknown = {
	.capture = "arm-smmu",
	.changes = {TEXT("/sys/devices/pci0000:00/0000:00:00.0/vendor", "0x177d\n"),
		    TEXT("/sys/devices/pci0000:00/0000:00:00.0/device", "0xa002\n"),
		    TEXT(LOG, "[    0.6] arm-smmu-v3 arm-smmu-v3.0.auto: oas 44-bit (features "
			      "0x01888705)\n")}};
const struct rule_host host_smmu_old = {.capture = "arm-smmu", .kernel = "6.12"};
/* Its stage 1 only. */
const struct rule_host host_smmu_s1 = SMMU("1a14440d", IDR1, IDR3, IDR5);
/* 0000:00:06.0 is behind a second unit, with no ATS and no substream IDs. */
#define SECOND_UNIT                                                                                \
	LINK("/sys/class/iommu/smmu3.0x0000000009070000",                                          \
	     "../../devices/platform/arm-smmu-v3.1.auto/iommu/smmu3.0x0000000009070000"),          \
		LINK("/sys/devices/pci0000:00/0000:00:06.0/iommu",                                 \
		     "../../platform/arm-smmu-v3.1.auto/iommu/smmu3.0x0000000009070000")
const struct rule_host host_smmu_two = {
	.capture = "arm-smmu",
	.changes = {WITHOUT(LOG), SECOND_UNIT},
	.measured = ANSWERS(SMMU_ANSWER(BDF, IDR0, IDR1, IDR3, IDR5) "," SMMU_ANSWER(
		"0000:00:06.0", "1b10440d", "10007302", "14150000", "74000000"))};
/* The first has output addresses of 52 bits, the second of 48. */
const struct rule_host host_smmu_two_widths = {
	.capture = "arm-smmu",
	.changes = {WITHOUT(LOG), SECOND_UNIT},
	.measured = ANSWERS(SMMU_ANSWER(BDF, IDR0, IDR1, IDR3, "76000000") "," SMMU_ANSWER(
		"0000:00:06.0", IDR0, IDR1, IDR3, IDR5))};

#define CONFIG_SIZE 4096

/* PCI Express 6.0 chapter 7.8.9: extended capability 0x1b, here of 20 bits. */
static void add_pasid(char *config, const struct members *all)
{
	static const uint8_t pasid[] = {0x1b, 0x00, 0x01, 0x00, 0x00, 0x14, 0x00, 0x00};
	size_t length;
	const char *bytes = members_bytes(all, CONFIG, &length);

	assert_non_null(bytes);
	memset(config, 0, CONFIG_SIZE);
	memcpy(config, bytes, length < CONFIG_SIZE ? length : CONFIG_SIZE);
	memcpy(config + 0x100, pasid, sizeof(pasid));
}

struct iof_host *rule_host_load(const struct rule_host *want)
{
	struct change changes[ARRAY_SIZE(want->changes) + 1];
	struct iof_host_options options = {.size = sizeof(options),
					   .kernel = want->kernel,
					   .measured = want->measured,
					   .measured_length =
						   want->measured ? strlen(want->measured) : 0};
	struct members *all = members_read(want->capture);
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	char config[CONFIG_SIZE];
	size_t n = 0;

	while (n < ARRAY_SIZE(want->changes) && want->changes[n].pattern) {
		changes[n] = want->changes[n];
		n++;
	}
	if (want->has_pasid) {
		add_pasid(config, all);
		changes[n++] = (struct change){CHANGE_REPLACE, CONFIG, config, sizeof(config)};
	}
	if (members_host(ctx, all, changes, n, &options, &host))
		print_error("%s: %s\n", want->capture, iof_ctx_error(ctx));
	assert_non_null(host);
	members_free(all);
	iof_ctx_unref(ctx);
	return host;
}
