/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where ArmVirtQemu puts BARs, against real boots (lab/firmware/virt_boot.py). */
#include <stdio.h>

#include "base/json.h"
#include "vmm_test.h"

struct tally {
	unsigned boots, boots_right, bars, bars_right;
};

static const struct guest_function *find(const struct iof_machine *m, const char *address)
{
	struct pci_address a;

	assert_int_equal(parse_bdf(address, &a), 0);
	for (const struct guest_bus *bus = m->guest.buses; bus; bus = bus->next) {
		for (const struct guest_function *f = bus->functions; f; f = f->next) {
			if (bus->number == a.bus &&
			    f->devfn == (unsigned)(a.device << 3 | a.function))
				return f;
		}
	}
	return NULL;
}

/* What a BAR reads after all ones were written to it. */
static uint64_t size_mask(const struct guest_bar *bar, uint64_t word)
{
	uint64_t mask = ~(bar->size - 1);

	return (word & 7) == 4 ? mask : mask & UINT32_MAX;
}

/* Memory BARs of one function; the words of a 64-bit one count as one. */
static bool check_function(const struct iof_machine *m, const struct json_value *words,
			   struct tally *tally)
{
	const struct guest_function *f = find(m, words->key);
	bool is_right = f != NULL;

	for (size_t i = 0; f && i < words->n; i++) {
		uint64_t word = words->items[i].number, at = word & ~(uint64_t)0xf;
		const struct guest_bar *bar = &f->bar[i];

		if ((word & 7) == 4 && i + 1 < words->n)
			at |= words->items[i + 1].number << 32;
		if ((word & 1) || !at || (bar->is_io && bar->size))
			continue;
		if (at == size_mask(bar, word)) /* sized and left: it found no room */
			at = BAR_UNPLACED;
		tally->bars++;
		if (bar->size && bar->address == at) {
			tally->bars_right++;
		} else {
			print_error("  %s %s BAR %zu: real %#lx, ours %#lx (size %#lx)\n",
				    words->key, f->driver, i, (unsigned long)at,
				    (unsigned long)bar->address, (unsigned long)bar->size);
			is_right = false;
		}
		i += (word & 7) == 4;
	}
	if (!f)
		print_error("  %s is not there\n", words->key);
	return is_right;
}

static void check_boot(struct iof_ctx *ctx, const struct json_value *record, struct tally *tally)
{
	const struct json_value *args = json_member(record, "args");
	const struct json_value *bars = json_member(record, "bars");
	struct buf line = {0}, firmware = {0};
	struct iof_machine *m;
	bool is_right = true;

	if (!bars || bars->type != JSON_OBJECT)
		return;
	buf_puts(&line, "qemu-system-aarch64 -nodefaults");
	for (size_t i = 0; i < args->n; i++)
		buf_printf(&line, " %s", args->items[i].text);
	buf_puts(&line, " -drive if=pflash,file=AAVMF_CODE.fd");
	buf_printf(&firmware, "armvirt=%u", (unsigned)json_member(record, "firmware")->number);
	m = make_machine(ctx, "cpu:i7-13700k", json_member(record, "qemu")->text, line.data,
			 (struct iof_vmm){.firmware = firmware.data});
	assert_non_null(m);
	for (size_t i = 0; i < bars->n; i++)
		is_right &= check_function(m, &bars->items[i], tally);
	tally->boots++;
	tally->boots_right += is_right;
	if (!is_right)
		print_error("^ QEMU %s, %s: %s (%s)\n", json_member(record, "qemu")->text,
			    firmware.data, line.data,
			    m->guest.unplaced_why ? m->guest.unplaced_why : "placed");
	iof_machine_unref(m);
	buf_free(&line);
	buf_free(&firmware);
}

static void check_boots(void **state UNUSED)
{
	struct tally tally = {0};
	size_t length, n_line;
	const char *cursor, *line;
	struct iof_ctx *ctx;
	char *text;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	text = read_records(ctx, getenv("IOMMUFIT_VIRT_BARS"), &length);
	for (cursor = text; next_line(&cursor, text + length, &line, &n_line);) {
		struct arena *arena = arena_new(4096);
		struct json_error error;
		struct json_value record;

		assert_int_equal(json_parse(arena, line, n_line, &record, &error), 0);
		check_boot(ctx, &record, &tally);
		arena_free(arena);
	}
	print_message("%u of %u BARs, %u of %u boots are right\n", tally.bars_right, tally.bars,
		      tally.boots_right, tally.boots);
	free(text);
	iof_ctx_unref(ctx);
	assert_int_equal(tally.boots_right, tally.boots);
	assert_true(tally.boots >= 50);
}

int test_virt_bars(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(check_boots)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
