/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where real firmware put RAM and BARs, against where they are predicted.
 *
 *     firmware RECORDS.jsonl[.xz]...     a summary by firmware release, and each miss (--misses N)
 *
 * A record is one boot (tests/data/firmware/README.md). Fails when a RAM block differs, or when
 * fewer BARs are right than --bars PERCENT asks for, fewer boots are right as a whole than --boots,
 * more boots of a firmware are wrong than --wrong NUMBER allows, or fewer refusals are foreseen
 * than
 * --refusals (default 100).
 */
#include <getopt.h>
#include <iommufit/iommufit.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../recorded.h"
#include "vmm/machine.h"

struct tally {
	char *firmware;
	unsigned boots, boots_right, ram, ram_right, bars, bars_right, high, high_right;
	unsigned refused, refused_right, unplaced, unfinished;
};

struct run {
	struct iof_ctx *ctx;
	struct iof_host *host;
	struct tally *tallies;
	size_t n_tallies;
	unsigned misses_left;
};

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value) : "";
}

/* A number, or a hexadecimal string. */
static uint64_t number_of(struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		return strtoull(json_object_get_string(value), NULL, 0);
	if (json_object_get_int64(value) < 0)
		return (uint64_t)json_object_get_int64(value);
	return json_object_get_uint64(value);
}

static uint64_t get(struct json_object *object, const char *key)
{
	return number_of(json_object_object_get(object, key));
}

static struct tally *tally_of(struct run *run, const char *firmware)
{
	for (size_t i = 0; i < run->n_tallies; i++) {
		if (strcmp(run->tallies[i].firmware, firmware) == 0)
			return &run->tallies[i];
	}
	run->tallies = realloc(run->tallies, (run->n_tallies + 1) * sizeof(*run->tallies));
	if (!run->tallies)
		exit(99);
	run->tallies[run->n_tallies] = (struct tally){.firmware = strdup(firmware)};
	return &run->tallies[run->n_tallies++];
}

static void show_record(struct run *run, struct json_object *record, const char *what)
{
	struct json_object *argv = json_object_object_get(record, "argv");

	printf("MISS %s %s seed %s: %s\n    ", text_of(record, "firmware"), text_of(record, "qemu"),
	       text_of(record, "seed"), what);
	for (size_t i = 0; i < json_object_array_length(argv); i++)
		printf("%s ", json_object_get_string(json_object_array_get_idx(argv, i)));
	printf("\n");
	run->misses_left--;
}

static bool has_block(const struct iof_machine *m, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < m->n_ram; i++) {
		if (m->ram[i].first == first && m->ram[i].last == last)
			return true;
	}
	for (size_t i = 0; i < m->n_devices; i++) {
		if (m->devices[i].block.name && m->devices[i].block.first == first &&
		    m->devices[i].block.last == last)
			return true;
	}
	return false;
}

/* The record lists every memory region: video memory and shared memory are BARs. */
static bool is_device_memory(const struct iof_machine *m, const char *name)
{
	for (size_t i = 0; i < m->n_devices; i++) {
		if (m->devices[i].block.name && strcmp(m->devices[i].block.name, name) == 0)
			return true;
	}
	return false;
}

/* Below 1 MiB, what is RAM changes while firmware switches the legacy windows, and low RAM ends
 * before TSEG once that is closed; neither is ours to predict. */
#define LEGACY_END ((uint64_t)1 << 20)
#define TSEG_MOST (16u << 20)

static bool is_low_ram(const struct iof_machine *m, uint64_t first, uint64_t last)
{
	uint64_t end = m->ram[0].last;

	if (last < LEGACY_END)
		return true;
	return first <= LEGACY_END && last <= end && end - last <= TSEG_MOST &&
	       (end - last) % LEGACY_END == 0;
}

static bool compare_ram(struct json_object *record, const struct iof_machine *m, struct tally *t)
{
	struct json_object *ram = json_object_object_get(record, "ram");
	bool same = true;

	for (size_t i = 0; ram && i < json_object_array_length(ram); i++) {
		struct json_object *block = json_object_array_get_idx(ram, i);
		const char *name = json_object_get_string(json_object_array_get_idx(block, 2));
		uint64_t first = number_of(json_object_array_get_idx(block, 0));
		uint64_t last = number_of(json_object_array_get_idx(block, 1));
		bool is_right;

		if (strcmp(name, "pc.ram") && !is_device_memory(m, name))
			continue;
		is_right = has_block(m, first, last) || is_low_ram(m, first, last);
		t->ram++;
		t->ram_right += is_right;
		same = same && is_right;
	}
	return same;
}

static const struct guest_function *function_at(const struct iof_machine *m, unsigned bus,
						unsigned devfn)
{
	for (const struct guest_bus *b = m->guest.buses; b; b = b->next) {
		for (const struct guest_function *f = b->functions; f && b->number == bus;
		     f = f->next) {
			if (f->devfn == devfn)
				return f;
		}
	}
	return NULL;
}

/* A BAR without an address is no placement: decoding is off, or it lies out of QEMU's reach. */
static bool compare_bar(struct json_object *region, const struct guest_function *f, bool show,
			struct tally *t, const char *name)
{
	bool is_placed = json_object_object_get(region, "address") != NULL;
	int64_t address = is_placed ? (int64_t)get(region, "address") : -1;
	unsigned bar = (unsigned)get(region, "bar");
	uint64_t got = f && bar < GUEST_BARS ? f->bar[bar].address : BAR_UNPLACED;
	bool is_right = got == (uint64_t)address, is_high = address >= (int64_t)1 << 32;

	if (address < 0 || (address == 0 && bar == GUEST_ROM) || bar == GUEST_ROM)
		return true;
	t->bars++;
	t->bars_right += is_right;
	t->high += is_high;
	t->high_right += is_high && is_right;
	if (!is_right && show)
		printf("      %s bar %u %s size 0x%lx: real 0x%lx, predicted 0x%lx\n", name, bar,
		       text_of(region, "type"), (unsigned long)get(region, "size"),
		       (unsigned long)address, (unsigned long)got);
	return is_right;
}

static bool compare_pci(struct json_object *record, const struct iof_machine *m, bool show,
			struct tally *t)
{
	struct json_object *pci = json_object_object_get(record, "pci");
	bool same = true;

	for (size_t i = 0; pci && i < json_object_array_length(pci); i++) {
		struct json_object *device = json_object_array_get_idx(pci, i);
		struct json_object *regions = json_object_object_get(device, "regions");
		const struct guest_function *f =
			function_at(m, (unsigned)get(device, "bus"),
				    (unsigned)(get(device, "slot") << 3 | get(device, "function")));
		char name[64];

		snprintf(name, sizeof(name), "%02x:%02x.%x %s", (unsigned)get(device, "bus"),
			 (unsigned)get(device, "slot"), (unsigned)get(device, "function"),
			 text_of(device, "qdev_id"));
		for (size_t k = 0; regions && k < json_object_array_length(regions); k++) {
			if (!compare_bar(json_object_array_get_idx(regions, k), f, show, t, name))
				same = false;
		}
	}
	return same;
}

static struct iof_machine *resolve(struct run *run, struct json_object *record)
{
	struct json_object *argv = json_object_object_get(record, "argv");
	size_t n = json_object_array_length(argv);
	const char **words = calloc(n + 1, sizeof(*words));
	struct iof_vmm vmm = {.size = sizeof(vmm),
			      .version = text_of(record, "qemu"),
			      .firmware = text_of(record, "firmware")};
	struct iof_machine *m = NULL;
	struct iof_vm *vm = NULL;
	char version[64];

	if (!words)
		exit(99);
	snprintf(version, sizeof(version), "qemu=%s", text_of(record, "qemu"));
	vmm.version = version;
	for (size_t i = 0; i < n; i++)
		words[i] = json_object_get_string(json_object_array_get_idx(argv, i));
	if (iof_vm_load_argv(run->ctx, words, n, "record", &vm) ||
	    iof_machine_resolve(run->ctx, run->host, vm, &vmm, &m))
		fprintf(stderr, "%s\n", iof_ctx_error(run->ctx));
	iof_vm_unref(vm);
	free(words);
	return m;
}

static bool stops(const struct iof_machine *m)
{
	bool found = m->n_problems != 0;

	for (size_t i = 0; i < m->n_cold && !found; i++)
		found = m->devices[i].problem.kind != PROBLEM_NONE;
	return found;
}

static void show_windows(const struct iof_machine *m)
{
	for (const struct guest_bus *b = m->guest.buses; b; b = b->next) {
		if (b->bridge)
			printf("      bus %02x below %s: io [0x%lx,0x%lx] mem [0x%lx,0x%lx] "
			       "pref [0x%lx,0x%lx]\n",
			       b->number, b->bridge->driver, (unsigned long)b->io.first,
			       (unsigned long)b->io.last, (unsigned long)b->memory.first,
			       (unsigned long)b->memory.last, (unsigned long)b->prefetchable.first,
			       (unsigned long)b->prefetchable.last);
	}
}

/* Firmware stopped, or left all devices without resources: no BAR has an address. */
static bool is_given_up(struct json_object *record)
{
	struct json_object *pci = json_object_object_get(record, "pci");

	for (size_t i = 0; pci && i < json_object_array_length(pci); i++) {
		struct json_object *regions =
			json_object_object_get(json_object_array_get_idx(pci, i), "regions");

		for (size_t k = 0; regions && k < json_object_array_length(regions); k++) {
			if (json_object_object_get(json_object_array_get_idx(regions, k),
						   "address"))
				return false;
		}
	}
	return true;
}

static void judge(struct run *run, struct json_object *record)
{
	struct tally *t = tally_of(run, text_of(record, "firmware"));
	struct iof_machine *m = resolve(run, record);
	struct tally before = *t;
	bool ram, pci;

	if (!m)
		exit(99);
	if (!json_object_object_get(record, "pci")) {
		t->refused++;
		t->refused_right += stops(m);
		if (!stops(m) && run->misses_left)
			show_record(run, record, text_of(record, "stderr"));
		iof_machine_unref(m);
		return;
	}
	if (strcmp(text_of(record, "boot"), "timeout") == 0 && m->guest.is_placed) {
		t->unfinished++; /* emulation was too slow, or it hangs: that cannot be told */
		iof_machine_unref(m);
		return;
	}
	t->boots++;
	t->unplaced += !m->guest.is_placed;
	ram = compare_ram(record, m, t);
	pci = compare_pci(record, m, false, t) && (is_given_up(record) == !m->guest.is_placed);
	t->boots_right += ram && pci;
	if (!(ram && pci) && run->misses_left) {
		char what[200];
		struct tally scratch = before;

		snprintf(what, sizeof(what), "%s%s%s window [0x%lx,0x%lx]", ram ? "" : "RAM ",
			 pci ? "" : "BARs ", m->guest.unplaced_why ? m->guest.unplaced_why : "",
			 (unsigned long)m->guest.mmio64.first, (unsigned long)m->guest.mmio64.last);
		show_record(run, record, what);
		compare_pci(record, m, true, &scratch);
		show_windows(m);
	}
	iof_machine_unref(m);
}

static void read_records(struct run *run, const char *path)
{
	char *text = read_recorded(path);

	for (char *line = text, *end; *line; line = end + 1) {
		struct json_object *record;

		end = strchr(line, '\n');
		if (!end)
			break;
		*end = '\0';
		record = json_tokener_parse(line);
		if (record)
			judge(run, record);
		json_object_put(record);
	}
	free(text);
}

static unsigned percent100(unsigned part, unsigned whole)
{
	return whole ? (unsigned)(10000ull * part / whole) : 10000;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"misses", required_argument, NULL, 'm'},   {"bars", required_argument, NULL, 'b'},
		{"boots", required_argument, NULL, 'o'},    {"wrong", required_argument, NULL, 'w'},
		{"refusals", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
	struct run run = {.misses_left = 0};
	double want_bars = 97, want_boots = 0, want_refusals = 100;
	unsigned may_be_wrong = UINT_MAX;
	bool failed = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'm')
			run.misses_left = (unsigned)atoi(optarg);
		else if (option == 'b')
			want_bars = atof(optarg);
		else if (option == 'o')
			want_boots = atof(optarg);
		else if (option == 'w')
			may_be_wrong = (unsigned)atoi(optarg);
		else if (option == 'r')
			want_refusals = atof(optarg);
		else
			return 64;
	}
	if (iof_ctx_new(&run.ctx) ||
	    iof_host_load_catalog(run.ctx, "ryzen-7800x3d", NULL, &run.host))
		return 99;
	for (int i = optind; i < argc; i++)
		read_records(&run, argv[i]);
	for (size_t i = 0; i < run.n_tallies; i++) {
		const struct tally *t = &run.tallies[i];
		unsigned bars = percent100(t->bars_right, t->bars);
		unsigned boots = percent100(t->boots_right, t->boots);
		unsigned refusals = percent100(t->refused_right, t->refused);

		printf("%-16s boots %u of %u (%u.%02u %%), RAM %u of %u, BARs %u of %u (%u.%02u "
		       "%%), "
		       "above 4 GiB %u of %u, refused %u of %u, unplaced %u, unfinished %u\n",
		       t->firmware, t->boots_right, t->boots, boots / 100, boots % 100,
		       t->ram_right, t->ram, t->bars_right, t->bars, bars / 100, bars % 100,
		       t->high_right, t->high, t->refused_right, t->refused, t->unplaced,
		       t->unfinished);
		failed = failed || t->ram_right != t->ram || bars < want_bars * 100 ||
			 boots < want_boots * 100 || refusals < want_refusals * 100 ||
			 t->boots - t->boots_right > may_be_wrong || !t->boots;
		free(t->firmware);
	}
	free(run.tallies);
	iof_host_unref(run.host);
	iof_ctx_unref(run.ctx);
	return failed || !run.n_tallies;
}
