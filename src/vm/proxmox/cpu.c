// SPDX-License-Identifier: LGPL-2.1-or-later
/* cpu.c - -cpu and -smp (qemu-server src/PVE/QemuServer/CPUConfig.pm). */
#include <ctype.h>
#include <errno.h>

#include "vm/proxmox/proxmox.h"

#define CUSTOM_MODELS "/etc/pve/virtual-guest/cpu-models.conf"

/* QEMU's models: a name of the list, or one of its variants ("EPYC-v4", "Haswell-noTSX-IBRS"). The
 * host's vendor: NULL. */
static const struct {
	const char *name, *vendor;
} models[] = {
	{"486", "GenuineIntel"},
	{"pentium", "GenuineIntel"},
	{"pentium2", "GenuineIntel"},
	{"pentium3", "GenuineIntel"},
	{"coreduo", "GenuineIntel"},
	{"core2duo", "GenuineIntel"},
	{"Conroe", "GenuineIntel"},
	{"Penryn", "GenuineIntel"},
	{"Nehalem", "GenuineIntel"},
	{"Westmere", "GenuineIntel"},
	{"SandyBridge", "GenuineIntel"},
	{"IvyBridge", "GenuineIntel"},
	{"Haswell", "GenuineIntel"},
	{"Broadwell", "GenuineIntel"},
	{"Skylake-Client", "GenuineIntel"},
	{"Skylake-Server", "GenuineIntel"},
	{"Cascadelake-Server", "GenuineIntel"},
	{"Cooperlake", "GenuineIntel"},
	{"KnightsMill", "GenuineIntel"},
	{"Icelake-Client", "GenuineIntel"},
	{"Icelake-Server", "GenuineIntel"},
	{"SapphireRapids", "GenuineIntel"},
	{"GraniteRapids", "GenuineIntel"},
	{"SierraForest", "GenuineIntel"},
	{"ClearwaterForest", "GenuineIntel"},
	{"DiamondRapids", "GenuineIntel"},
	{"athlon", "AuthenticAMD"},
	{"phenom", "AuthenticAMD"},
	{"Opteron_G1", "AuthenticAMD"},
	{"Opteron_G2", "AuthenticAMD"},
	{"Opteron_G3", "AuthenticAMD"},
	{"Opteron_G4", "AuthenticAMD"},
	{"Opteron_G5", "AuthenticAMD"},
	{"EPYC", "AuthenticAMD"},
	{"host", NULL},
	{"max", NULL},
	{"kvm32", NULL},
	{"kvm64", NULL},
	{"qemu32", NULL},
	{"qemu64", NULL},
};

/* Proxmox' own: qemu64 with flags. */
static const struct {
	const char *name, *flags;
} levels[] = {
	{"x86-64-v2", "+popcnt;+pni;+sse4.1;+sse4.2;+ssse3"},
	{"x86-64-v2-AES", "+aes;+popcnt;+pni;+sse4.1;+sse4.2;+ssse3"},
	{"x86-64-v3", "+aes;+popcnt;+pni;+sse4.1;+sse4.2;+ssse3;+avx;+avx2;+bmi1;+bmi2;+f16c;+fma;"
		      "+abm;+movbe;+xsave"},
	{"x86-64-v4", "+aes;+popcnt;+pni;+sse4.1;+sse4.2;+ssse3;+avx;+avx2;+bmi1;+bmi2;+f16c;+fma;"
		      "+abm;+movbe;+xsave;+avx512f;+avx512bw;+avx512cd;+avx512dq;+avx512vl"},
};

static bool is_variant(const char *name, const char *model)
{
	size_t n = strlen(model);

	return str_starts(name, model) && (!name[n] || name[n] == '-');
}

static size_t find_model(const char *name)
{
	size_t found = ARRAY_SIZE(models);

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		bool has_variants = isupper((unsigned char)models[i].name[0]);

		if (has_variants ? is_variant(name, models[i].name) : str_eq(name, models[i].name))
			found = i;
	}
	return found;
}

static const char *level_flags(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (str_eq(name, levels[i].name))
			return levels[i].flags;
	}
	return NULL;
}

/* ---- custom models ---- */

/* "cpu-model: NAME", then indented "key value" until the next such line. */
static struct pve_entry *read_custom(struct translation *t, const struct config_file *file,
				     const char *wanted)
{
	const char *cursor = file->bytes, *end = file->bytes + file->length, *line;
	struct pve_entry *model = NULL;
	size_t length, cap = 0;

	while (next_line(&cursor, end, &line, &length)) {
		struct pve_part part = {0};
		size_t blank, key, value;

		if (length > 10 && memcmp(line, "cpu-model:", 10) == 0) {
			size_t start = 10 + strspn(line + 10, " \t");
			size_t n = strcspn(line + start, " \t\r\n");

			if (model)
				break;
			if (start + n <= length && n == strlen(wanted) &&
			    memcmp(line + start, wanted, n) == 0)
				model = arena_alloc(t->vm->arena, sizeof(*model));
			continue;
		}
		blank = strspn(line, " \t");
		key = blank + strcspn(line + blank, " \t\r\n");
		value = key + strspn(line + key, " \t");
		if (!model || !blank || value >= length || line[blank] == '#')
			continue;
		while (length > value && isspace((unsigned char)line[length - 1]))
			length--;
		part.key = arena_strndup(t->vm->arena, line + blank, key - blank);
		part.value = arena_strndup(t->vm->arena, line + value, length - value);
		model->parts =
			arena_grow(t->vm->arena, model->parts, model->n_parts, &cap, sizeof(part));
		if (!part.key || !part.value || !model->parts) {
			t->err = -ENOMEM;
			return NULL;
		}
		model->parts[model->n_parts++] = part;
	}
	return model;
}

/* ---- judged ---- */

static bool may_set_flag(const char *name, size_t length)
{
	static const char *const allowed[] = {
		"nested-virt", "md-clear",  "pcid",	"spec-ctrl",  "ssbd",
		"ibpb",	       "virt-ssbd", "amd-ssbd", "amd-no-ssb", "pdpe1gb",
		"hv-tlbflush", "hv-evmcs",  "aes",
	};

	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (strlen(allowed[i]) == length && memcmp(allowed[i], name, length) == 0)
			return true;
	}
	return false;
}

static bool are_allowed(const char *flags)
{
	while (*flags) {
		size_t n = strcspn(flags, ";");

		if (!may_set_flag(flags + 1, n - 1))
			return false;
		flags += n + (flags[n] == ';');
	}
	return true;
}

static bool is_custom(const char *type)
{
	return str_starts(type, "custom-");
}

const char *pve_cpu_check(struct translation *t, const struct pve_entry *cpu)
{
	const char *type = pve_value(cpu, "cputype"), *flags = pve_value(cpu, "flags");

	if (!type)
		return "CPU is missing cputype";
	if (is_custom(type)) {
		const struct config_file *file = translation_file(t, CUSTOM_MODELS);

		if (file && !read_custom(t, file, type + 7))
			return arena_printf(t->vm->arena, "Custom cputype '%s' not found",
					    type + 7);
	} else if (!level_flags(type) && find_model(type) == ARRAY_SIZE(models) &&
		   !str_starts(type, "cortex-") && !str_starts(type, "neoverse-")) {
		return arena_printf(
			t->vm->arena,
			"Built-in cputype '%s' is not defined (missing 'custom-' prefix?)", type);
	}
	if (flags && !are_allowed(flags))
		return "VM-specific CPU flags must be a subset of: nested-virt, md-clear, pcid, "
		       "spec-ctrl, ssbd, ibpb, virt-ssbd, amd-ssbd, amd-no-ssb, pdpe1gb, "
		       "hv-tlbflush, hv-evmcs, aes";
	if (pve_part(cpu, "reported-model"))
		return "Property 'reported-model' not allowed in VM-specific CPU config.";
	return NULL;
}

/* ---- flags ---- */

struct flag {
	const char *name; /* without its sign */
	char sign;	  /* '+', '-', 0 */
	const char *value;
	const struct pve_part *part; /* that it was written in */
	const char *reason;
};

struct flags {
	struct pve *p;
	struct flag *list;
	size_t n, cap;
};

static void print_flag(struct buf *out, const struct flag *flag)
{
	buf_putc(out, '\'');
	if (flag->sign)
		buf_putc(out, flag->sign);
	buf_puts(out, flag->name);
	if (flag->value)
		buf_printf(out, "=%s", flag->value);
	buf_printf(out, "' (%s)", flag->reason);
}

static void warn_overwritten(struct pve *p, const struct flag *old, const struct flag *flag)
{
	struct buf text = {0};

	buf_puts(&text, "warning: CPU flag/setting ");
	print_flag(&text, flag);
	buf_puts(&text, " overwrites ");
	print_flag(&text, old);
	if (text.err)
		p->t->err = -ENOMEM;
	else
		pve_warn(p, flag->part && flag->part->at.line ? &flag->part->at : NULL, "%s",
			 text.data);
	buf_free(&text);
}

/* Kept sorted by name; a later one of a name wins. */
static void add_flag(struct flags *f, const struct flag *flag)
{
	size_t at = f->n;

	for (size_t i = 0; i < f->n; i++) {
		struct flag *old = &f->list[i];

		if (!str_eq(old->name, flag->name))
			continue;
		if (old->sign != flag->sign || !old->value != !flag->value ||
		    (old->value && !str_eq(old->value, flag->value)))
			warn_overwritten(f->p, old, flag);
		*old = *flag;
		return;
	}
	f->list = arena_grow(f->p->arena, f->list, f->n, &f->cap, sizeof(*flag));
	if (!f->list) {
		f->n = 0;
		f->p->t->err = -ENOMEM;
		return;
	}
	while (at > 0 && strcmp(f->list[at - 1].name, flag->name) > 0) {
		f->list[at] = f->list[at - 1];
		at--;
	}
	f->list[at] = *flag;
	f->n++;
}

static void add_named(struct flags *f, char sign, const char *name, const char *value,
		      const char *reason)
{
	add_flag(f, &(struct flag){.name = name, .sign = sign, .value = value, .reason = reason});
}

/* vmx or svm, as the host has it. */
static const char *nested_flag(const struct pve *p)
{
	const char *vendor = p->t->vm->options_given.host_cpu_vendor;

	if (vendor && str_eq(vendor, "AuthenticAMD"))
		return "svm";
	return vendor && str_eq(vendor, "GenuineIntel") ? "vmx" : NULL;
}

static void add_list(struct flags *f, const char *list, const struct pve_part *part,
		     const char *reason)
{
	while (list && *list && !f->p->t->err) {
		size_t n = strcspn(list, ";");
		struct flag flag = {.sign = list[0], .part = part, .reason = reason};

		flag.name = n > 1 ? arena_strndup(f->p->arena, list + 1, n - 1) : NULL;
		list += n + (list[n] == ';');
		if (flag.name && str_eq(flag.name, "nested-virt"))
			flag.name = nested_flag(f->p);
		if (flag.name)
			add_flag(f, &flag);
	}
}

#define PVE_SET "set by PVE; "
#define HYPERV "automatic Hyper-V enlightenment for Windows"

static void add_own(struct flags *f, const char *base)
{
	struct pve *p = f->p;
	const struct pve_entry *ostype = pve_get(p, "ostype");

	if (str_eq(base, "kvm64") && !p->is_arm)
		add_named(f, '+', "lahf_lm", NULL, PVE_SET "to support Windows 8.1+");
	if (ostype && str_eq(ostype->value, "solaris"))
		add_named(f, '-', "x2apic", NULL, PVE_SET "incompatible with Solaris");
	if (str_eq(base, "kvm64") || str_eq(base, "kvm32"))
		add_named(f, '+', "sep", NULL,
			  PVE_SET "to support Windows 8+ and improve Windows XP+");
	if (str_starts(base, "Opteron"))
		add_named(f, '-', "rdtscp", NULL, PVE_SET "broken on AMD Opteron");
	if (!p->kvm || p->is_arm)
		return;
	if (pve_since(p, 2, 3, 0)) {
		add_named(f, '+', "kvm_pv_unhalt", NULL,
			  PVE_SET "to improve Linux guest spinlock performance");
		add_named(f, '+', "kvm_pv_eoi", NULL,
			  PVE_SET "to improve Linux guest interrupt performance");
	}
	if (p->windows >= 11 && p->manager >= PVE_VERSION(9, 2, 0)) {
		add_named(f, '-', "cet-ibt", NULL, PVE_SET "for Windows");
		add_named(f, '-', "cet-ss", NULL, PVE_SET "for Windows");
	}
}

/* Nested virtualisation of Windows on an Intel CPU that the guest sees as it is. */
static void add_nested_windows(struct flags *f, const char *base)
{
	struct pve *p = f->p;
	const char *vendor = p->t->vm->options_given.host_cpu_vendor;

	if (p->windows < 11 || !str_eq(base, "host") || p->manager < PVE_VERSION(9, 2, 0) ||
	    (vendor && !str_eq(vendor, "GenuineIntel")))
		return;
	if (pve_needs(p, 11, 0, 2))
		add_named(f, 0, "hv_evmcs", NULL, HYPERV);
	else
		add_named(f, '-', "vmx-mbec", NULL, PVE_SET "for Windows");
}

static void add_hyperv(struct flags *f, const char *base, const char *vendor)
{
	static const struct {
		const char *name;
		unsigned windows, major, minor;
	} enlightenments[] = {
		{"hv_vapic", 6, 2, 3},	 {"hv_time", 6, 2, 3},	  {"hv_reset", 6, 2, 6},
		{"hv_vpindex", 6, 2, 6}, {"hv_runtime", 6, 2, 6}, {"hv_relaxed", 7, 0, 0},
		{"hv_synic", 7, 2, 12},	 {"hv_stimer", 7, 2, 12}, {"hv_ipi", 7, 3, 1},
	};
	struct pve *p = f->p;
	const struct pve_entry *bios = pve_get(p, "bios");

	if (!p->kvm || p->windows < 6 || (bios && str_eq(bios->value, "ovmf") && p->windows < 8))
		return;
	if (vendor || p->passes_gpu)
		add_named(f, 0, "hv_vendor_id", vendor ? vendor : "proxmox",
			  "custom hv_vendor_id set");
	add_named(f, 0, "hv_spinlocks", pve_since(p, 2, 3, 0) ? "0x1fff" : "0xffff", HYPERV);
	for (size_t i = 0; i < ARRAY_SIZE(enlightenments); i++) {
		if (p->windows >= enlightenments[i].windows &&
		    pve_since(p, enlightenments[i].major, enlightenments[i].minor, 0))
			add_named(f, 0, enlightenments[i].name, NULL, HYPERV);
	}
	add_nested_windows(f, base);
}

/* ---- said ---- */

/* What the words are made from. */
struct cpu {
	const struct pve_entry *entry;	/* NULL: not set */
	const struct pve_entry *custom; /* the model that it names; NULL: none */
	const char *base;		/* QEMU's model */
	const char *level_flags;
};

static const char *default_model(const struct pve *p)
{
	if (p->is_arm)
		return p->kvm && p->manager >= PVE_VERSION(9, 2, 0) ? "host" : "cortex-a57";
	return p->kvm ? "kvm64" : "qemu64";
}

static void find_cpu(struct pve *p, struct cpu *cpu)
{
	const char *type;

	*cpu = (struct cpu){.entry = pve_get(p, "cpu")};
	type = pve_value(cpu->entry, "cputype");
	cpu->base = type ? type : default_model(p);
	cpu->level_flags = level_flags(cpu->base);
	if (cpu->level_flags)
		cpu->base = "qemu64";
	if (type && is_custom(type)) {
		const struct config_file *file = translation_file(p->t, CUSTOM_MODELS);

		cpu->custom = file ? read_custom(p->t, file, type + 7) : NULL;
		cpu->base = pve_value(cpu->custom, "reported-model");
		if (!cpu->base)
			cpu->base = "kvm64";
	}
	/* There never was such a CPU. */
	if (str_eq(cpu->base, "Icelake-Client"))
		cpu->base = "Icelake-Server";
	if (str_eq(cpu->base, "Icelake-Client-noTSX"))
		cpu->base = "Icelake-Server-noTSX";
}

const char *pve_cpu_base(struct pve *p)
{
	struct cpu cpu;

	find_cpu(p, &cpu);
	return cpu.base;
}

/* Of the VM, else of its custom model. */
static const struct pve_part *setting(const struct cpu *cpu, const char *key)
{
	const struct pve_part *own = pve_part(cpu->entry, key);

	return own ? own : pve_part(cpu->custom, key);
}

static void add_forced(struct flags *f, const struct cpu *cpu)
{
	struct pve *p = f->p;
	const struct pve_part *hidden = setting(cpu, "hidden");
	bool hides = hidden ? pve_boolean(hidden->value) == 1 : p->hides_kvm;
	size_t model = find_model(cpu->base);

	if (!str_eq(cpu->base, "host") && p->kvm && !p->is_arm)
		add_named(f, 0, "enforce", NULL, "error if requested CPU settings not available");
	if (hides)
		add_flag(f, &(struct flag){.name = "kvm",
					   .value = "off",
					   .part = pve_part(cpu->entry, "hidden"),
					   .reason = "hide KVM virtualization from guest"});
	if (model < ARRAY_SIZE(models) && models[model].vendor)
		add_named(f, 0, "vendor", models[model].vendor, "unknown origin");
}

static void say_widths(struct pve *p, struct pve_said *said, const struct cpu *cpu)
{
	static const char *const keys[] = {"guest-phys-bits", "phys-bits"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct pve_part *part = setting(cpu, keys[i]);
		const struct pve_part *own = pve_part(cpu->entry, keys[i]);

		if (!part)
			continue;
		if (str_eq(part->value, "host"))
			pve_set(p, said, "host-phys-bits", "true", own);
		else
			pve_set(p, said, keys[i], part->value, own);
	}
}

static void warn_width(struct pve *p, const struct cpu *cpu)
{
	const struct pve_entry *bios = pve_get(p, "bios");
	const struct pve_part *bits = setting(cpu, "phys-bits");
	const char *flags = pve_value(cpu->entry, "flags");
	const char *own = pve_value(cpu->custom, "flags");
	uint64_t width = 0;

	if (!bits || !bios || !str_eq(bios->value, "ovmf") || p->manager < PVE_VERSION(9, 1, 7) ||
	    (!str_eq(cpu->base, "kvm64") && !str_eq(cpu->base, "qemu64")) ||
	    (flags && strstr(flags, "+pdpe1gb")) || (own && strstr(own, "+pdpe1gb")))
		return;
	if (str_eq(bits->value, "host"))
		width = p->t->vm->options_given.host_phys_bits;
	else if (parse_u64(bits->value, 10, 64, &width))
		width = 0;
	if (width > 40)
		pve_warn(p, bits->at.line ? &bits->at : NULL,
			 "OVMF firmware might limit CPU 'phys-bits' to 40 - enable the 'pdpe1gb' "
			 "CPU flag to avoid this");
}

void pve_cpu_say(struct pve *p)
{
	struct flags f = {.p = p};
	const struct pve_part *level, *vendor, *model;
	struct pve_said *said;
	struct cpu cpu;

	find_cpu(p, &cpu);
	warn_width(p, &cpu);
	vendor = setting(&cpu, "hv-vendor-id");
	add_own(&f, cpu.base);
	add_hyperv(&f, cpu.base, vendor ? vendor->value : NULL);
	add_list(&f, cpu.level_flags, NULL, "set by builtin CPU model");
	add_list(&f, pve_value(cpu.custom, "flags"), NULL, "set by custom CPU model");
	add_list(&f, pve_value(cpu.entry, "flags"), pve_part(cpu.entry, "flags"),
		 "manually set for VM");
	add_forced(&f, &cpu);
	said = pve_say(p, &p->command, "cpu", cpu.entry, "%s", "");
	model = pve_part(cpu.entry, "cputype");
	pve_set(p, said, NULL, cpu.base, model);
	level = setting(&cpu, "level");
	if (level)
		pve_set(p, said, "level", level->value, level->at.line ? level : NULL);
	for (size_t i = 0; i < f.n && !p->t->err; i++) {
		const struct flag *flag = &f.list[i];
		const struct pve_part *part = flag->part && flag->part->at.line ? flag->part : NULL;

		if (flag->value)
			pve_set(p, said, flag->name, flag->value, part);
		else
			pve_set(p, said, NULL,
				flag->sign ? arena_printf(p->arena, "%c%s", flag->sign, flag->name)
					   : flag->name,
				part);
	}
	say_widths(p, said, &cpu);
}
