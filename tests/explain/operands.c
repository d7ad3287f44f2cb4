/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* operands.c - another number in the message is another number in the answer. */
#include <ctype.h>

#include "explain_tests.h"

/* Another operand of the same kind: the last digit changes, or the last letter. */
static void change(char *text, size_t length)
{
	for (size_t i = length; i-- > 0;) {
		if (isdigit((unsigned char)text[i])) {
			text[i] = (char)(text[i] == '0' ? '1' : text[i] - 1);
			return;
		}
	}
	text[length - 1] = text[length - 1] == 'x' ? 'y' : 'x';
}

/* Whether the answer to this message does not depend on that operand; why. */
static const struct {
	const char *id;
	size_t operand;
	const char *why;
} unused[] = {
	{"libvirt.no-iommu", 0, "both fixes are told"},
	{"config.duplicate-id", 1, "what kind of thing it is"},
	{"amd.no-assigned-devices", 1, "no group can be assigned"},
	{"amd.no-assigned-devices", 2, "no device can be assigned"},
	{"proxmox.old-qemu", 2, "the node's name"},
	{"proxmox.root-only", 0, "it is the same for each hostpci"},
	{"kernel.remapping", 0, "x2apic or xapic: it is on"},
	{"kernel.amd-features", 1, "EFR2 has no width"},
	{"virtio.page-sizes-abort", 1, "QEMU's name of a memory region"},
	{"virtio.page-sizes-abort", 0, "QEMU's name of a memory region"},
};

/* What is to be done does not depend on which device it is. */
static bool is_device(const char *operand)
{
	return strchr(operand, ':') && strchr(operand, '.');
}

static bool may_stay(const char *id, size_t operand)
{
	for (size_t i = 0; i < ARRAY_SIZE(unused); i++) {
		if (str_eq(unused[i].id, id) && unused[i].operand == operand)
			return true;
	}
	return false;
}

/* `list` with its index-th item replaced. */
static char *replaced(const char *list, size_t index, const char *item)
{
	char *copy = strdup(list), *rest = copy, *word;
	struct buf out = {0};

	for (size_t i = 0; (word = strsep(&rest, "|")); i++)
		buf_printf(&out, "%s%s", i ? "|" : "", i == index ? item : word);
	free(copy);
	assert_int_equal(out.err, 0);
	return buf_steal(&out);
}

static char *operands_of(const struct iof_explain *x)
{
	const struct iof_explained *m = iof_explained_next(x, NULL);
	const char *operand;
	struct buf out = {0};

	assert_non_null(m);
	for (size_t i = 0; (operand = iof_explained_operand(m, i)); i++)
		buf_printf(&out, "%s%s", i ? "|" : "", operand);
	buf_puts(&out, "");
	assert_int_equal(out.err, 0);
	return out.data ? buf_steal(&out) : strdup("");
}

/* text with other, where its index-th operand was at place. */
static void try_other(const struct excerpt *e, const char *text, size_t index, const char *other)
{
	struct iof_explain *was = read_log(e->name, strlen(e->name), true);
	struct iof_explain *is = read_log(text, strlen(text), true);
	char *before = answer(was), *after = answer(is), *actual = operands_of(is);
	char *wanted = replaced(e->operands, index, other);
	struct iof_cause cause;

	assert_string_equal(actual, wanted);
	assert_int_equal(iof_explained_cause(iof_explained_next(is, NULL), 0, &cause), 0);
	if (str_eq(before, after) && !is_device(other) && !may_stay(cause.id, index))
		fail_msg("%s: operand %zu of %s does not change:\n%s", text, index, cause.id,
			 after);
	free(before);
	free(after);
	free(actual);
	free(wanted);
	iof_explain_unref(was);
	iof_explain_unref(is);
}

static void test_changed(void **state)
{
	const struct excerpt *e = *state;
	char *list = strdup(e->operands), *rest = list, *operand;
	const char *at = e->name;

	for (size_t i = 0; *e->operands && (operand = strsep(&rest, "|")); i++) {
		char *text = strdup(e->name), *other = strdup(operand), *place;

		at = strstr(at, operand);
		assert_non_null(at);
		place = text + (at - e->name);
		change(other, strlen(other));
		/* A device can be named twice, and is one operand. */
		for (; place; place = is_device(operand) ? strstr(place, operand) : NULL)
			memcpy(place, other, strlen(other));
		try_other(e, text, i, other);
		at += strlen(operand);
		free(text);
		free(other);
	}
	free(list);
}

static char *answer_to(const char *text)
{
	struct iof_explain *x = read_log(text, strlen(text), true);
	char *said = answer(x);

	iof_explain_unref(x);
	return said;
}

static void widths(void **state)
{
	(void)state;
	for (unsigned host = 32; host < 57; host++) {
		char text[100], wanted[100], *said;

		snprintf(text, sizeof(text),
			 "vfio 0000:01:00.0: Failed to set vIOMMU: aw-bits 57 > host aw-bits %u",
			 host);
		said = answer_to(text);
		snprintf(wanted, sizeof(wanted), "57 > %u.", host);
		assert_non_null(strstr(said, wanted));
		/* intel-iommu knows two widths. */
		assert_int_equal(strstr(said, "intel-iommu,aw-bits=39 ") != NULL,
				 host >= 39 && host < 48);
		assert_int_equal(strstr(said, "intel-iommu,aw-bits=48 ") != NULL, host >= 48);
		snprintf(wanted, sizeof(wanted), "virtio-iommu-pci,aw-bits=%u ", host);
		assert_int_equal(strstr(said, wanted) != NULL, host < 39);
		free(said);
	}
}

static void two_conditions(void **state)
{
	(void)state;
	for (unsigned host = 32; host < 52; host += 4) {
		char text[100], *said;

		snprintf(text, sizeof(text),
			 "Host SMMUv3 supports only %u-bit IPA, but the vSMMU OAS implies 52-bit "
			 "IPA",
			 host);
		said = answer_to(text);
		assert_int_equal(strstr(said, "oas=44") != NULL, host >= 44 && host < 48);
		assert_int_equal(strstr(said, "oas=48") != NULL, host >= 48);
		assert_int_equal(strstr(said, "oas=auto") != NULL, host < 44);
		free(said);
	}
}

int operands_run(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(widths),
					   cmocka_unit_test(two_conditions)};

	return for_excerpts("changed operands", test_changed) +
	       cmocka_run_group_tests(tests, NULL, NULL);
}
