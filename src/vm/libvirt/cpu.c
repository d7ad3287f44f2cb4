// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * cpu.c - <cpu> and <vcpu> to -cpu and -smp (qemuBuildCpuCommandLine,
 * qemuBuildSmpCommandLine).
 */
#include "vm/libvirt/say.h"

#define V(major, minor) LIBVIRT_VERSION(major, minor, 0)

static bool is_x86(const struct lv_domain *d)
{
	return str_eq(d->arch, "x86_64") || str_eq(d->arch, "i686");
}

/* libvirt asks QEMU which model the machine has. */
static const char *default_model(const struct lv_domain *d)
{
	const struct xml_node *emulator =
		d->devices_node ? xml_child(d->devices_node, "emulator") : NULL;

	if (!is_x86(d))
		return NULL;
	return emulator && strstr(emulator->text, "i386") ? "qemu32" : "qemu64";
}

enum lv_cpu_mode lv_cpu_mode(const struct lv_domain *d)
{
	const char *mode = xml_value(xml_child(d->root, "cpu"), "mode");
	static const char *const names[] = {[LV_CPU_CUSTOM] = "custom",
					    [LV_CPU_HOST] = "host-passthrough",
					    [LV_CPU_HOST_MODEL] = "host-model",
					    [LV_CPU_MAXIMUM] = "maximum"};

	for (size_t i = 0; mode && i < ARRAY_SIZE(names); i++) {
		if (str_eq(mode, names[i]))
			return (enum lv_cpu_mode)i;
	}
	return LV_CPU_CUSTOM;
}

/*
 * host-model: libvirt writes down the host's model and features, and lets the width follow the
 * host. What counts here is the same as with the host's own.
 */
static void put_model(struct lv_domain *d, const struct xml_node *cpu, const struct xml_node *model)
{
	enum lv_cpu_mode mode = lv_cpu_mode(d);
	const struct xml_attribute *at = cpu ? xml_attribute(cpu, "mode") : NULL;
	const char *name = mode == LV_CPU_MAXIMUM || !d->is_kvm ? "max" : "host";
	const char *migratable = xml_value(cpu, "migratable");

	if (mode == LV_CPU_CUSTOM) {
		bool is_own = model && *model->text;

		name = is_own ? model->text : default_model(d);
		say_pair(d->t, NULL, name ? name : "", 0, is_own ? &model->text_at : NULL);
		return;
	}
	say_pair(d->t, NULL, mode == LV_CPU_HOST ? "host" : name, 0, at ? &at->at : NULL);
	if (is_x86(d))
		say_pair(d->t, "migratable", migratable ? migratable : "on", 0,
			 migratable ? &xml_attribute(cpu, "migratable")->at : NULL);
}

/* virQEMUCapsCPUFeatureTranslate(): QEMU writes hyphens. */
static const char *feature_name(struct lv_domain *d, const char *name)
{
	char *text;

	if (str_eq(name, "pclmuldq"))
		return "pclmulqdq";
	text = (char *)lv_printf(d, "%s", name);
	for (char *c = text; *c; c++)
		*c = *c == '_' ? '-' : *c;
	return text;
}

static void put_features(struct lv_domain *d, const struct xml_node *cpu)
{
	for (const struct xml_node *f = xml_child(cpu, "feature"); f; f = xml_sibling(f)) {
		const char *name = xml_value(f, "name"), *policy = xml_value(f, "policy");
		bool is_off = policy && (str_eq(policy, "disable") || str_eq(policy, "forbid"));

		if (!name || !*name || (policy && str_eq(policy, "optional")))
			continue;
		say_pair(d->t, feature_name(d, name), is_off ? "off" : "on", 0, &f->at);
	}
}

static void put_number(struct lv_domain *d, const char *key, const struct xml_attribute *a)
{
	uint64_t n;

	if (lv_number(a->value, INT32_MAX, &n) && n)
		say_pair(d->t, key, lv_printf(d, "%u", (unsigned)n), 0, &a->at);
}

static void put_widths(struct lv_domain *d, const struct xml_node *cpu)
{
	const struct xml_node *addr = xml_child(cpu, "maxphysaddr");
	const struct xml_attribute *mode = addr ? xml_attribute(addr, "mode") : NULL;
	const struct xml_attribute *bits = addr ? xml_attribute(addr, "bits") : NULL;
	const struct xml_attribute *limit = addr ? xml_attribute(addr, "limit") : NULL;

	if (!mode || d->version < V(8, 7))
		return;
	if (str_eq(mode->value, "passthrough")) {
		say_pair(d->t, "host-phys-bits", "on", 0, &mode->at);
		if (limit && d->version >= V(9, 3))
			put_number(d, "host-phys-bits-limit", limit);
	} else if (bits) {
		/* Of a host-model it is the named model that libvirt puts there. */
		if (lv_cpu_mode(d) == LV_CPU_HOST_MODEL)
			say_pair(d->t, "host-phys-bits", "off", 0, NULL);
		put_number(d, "phys-bits", bits);
	} else if (str_eq(mode->value, "emulate") && d->version >= V(9, 2)) {
		say_pair(d->t, "host-phys-bits", "off", 0, &mode->at);
	}
}

void lv_say_cpu(struct lv_domain *d)
{
	const struct xml_node *cpu = xml_child(d->root, "cpu");
	const struct xml_node *model = cpu ? xml_child(cpu, "model") : NULL;
	const struct xml_attribute *vendor = model ? xml_attribute(model, "vendor_id") : NULL;
	bool has_model = lv_cpu_mode(d) != LV_CPU_CUSTOM || (model && *model->text);

	if (!has_model && !default_model(d))
		return;
	say_option(d->t, "cpu", SAY_OPTS, lv_at(cpu), cpu);
	put_model(d, cpu, model);
	if (vendor)
		say_pair(d->t, "vendor", vendor->value, 0, &vendor->at);
	if (cpu) {
		put_features(d, cpu);
		put_widths(d, cpu);
	}
	say_end(d->t);
}

/* ---- -smp ---- */

/* vCPUs that are there from the start. */
static unsigned current_vcpus(const struct lv_domain *d)
{
	const struct xml_node *node = xml_child(d->root, "vcpu");
	uint64_t n;

	return lv_number(xml_value(node, "current"), d->vcpus, &n) && n ? (unsigned)n : d->vcpus;
}

static void put_topology(struct lv_domain *d, const struct xml_node *topology)
{
	static const struct {
		const char *name;
		uint32_t since;
	} levels[] = {{"sockets", 0},
		      {"dies", V(6, 1)},
		      {"clusters", V(10, 1)},
		      {"cores", 0},
		      {"threads", 0}};

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		const struct xml_attribute *a = xml_attribute(topology, levels[i].name);
		uint64_t n;

		if (d->version < levels[i].since)
			continue;
		if (a && lv_number(a->value, 65535, &n) && n)
			say_pair(d->t, levels[i].name, lv_printf(d, "%u", (unsigned)n), 0, &a->at);
		else
			say_pair(d->t, levels[i].name, "1", 0, NULL);
	}
}

void lv_say_smp(struct lv_domain *d)
{
	const struct xml_node *node = xml_child(d->root, "vcpu");
	const struct xml_node *topology = xml_path(d->root, "cpu/topology");
	unsigned current = current_vcpus(d);

	say_option(d->t, "smp", SAY_OPTS, lv_at(node), node);
	say_pair(d->t, NULL, lv_printf(d, "%u", current), 0, node ? &node->text_at : NULL);
	if (current != d->vcpus)
		say_pair(d->t, "maxcpus", lv_printf(d, "%u", d->vcpus), 0,
			 node ? &node->text_at : NULL);
	if (topology) {
		put_topology(d, topology);
	} else {
		say_pair(d->t, "sockets", lv_printf(d, "%u", d->vcpus), 0, NULL);
		say_pair(d->t, "cores", "1", 0, NULL);
		say_pair(d->t, "threads", "1", 0, NULL);
	}
	say_end(d->t);
}
