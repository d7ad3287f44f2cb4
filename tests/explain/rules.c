/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rules.c - what a rule predicts is recognised as that rule's, whatever its operands are. */
#include "explain_tests.h"

#include "../table.h"
#include "fit/rule.h"

/* The message with something in the place of its operands. */
static char *render(const char *message)
{
	static const char *const values[] = {"0000:01:00.0",
					     "17",
					     "0x382000000000",
					     "0x10000000",
					     "_disk0",
					     "0000:00:03.0",
					     "6",
					     "7"};
	struct buf out = {0};

	for (; *message; message++) {
		if (message[0] == '{' && message[1] >= '0' && message[1] <= '7' &&
		    message[2] == '}') {
			buf_puts(&out, values[message[1] - '0']);
			message += 2;
		} else if (str_starts(message, "PTR")) {
			buf_puts(&out, "0x55d0a2e3f520");
			message += 2;
		} else {
			buf_putc(&out, *message);
		}
	}
	assert_int_equal(out.err, 0);
	return buf_steal(&out);
}

static bool has_cause(const struct iof_explain *x, const char *id)
{
	const struct iof_explained *m;
	struct iof_cause cause;

	iof_explained_foreach(x, m)
	{
		for (size_t i = 0; iof_explained_cause(m, i, &cause) == 0; i++) {
			if (str_eq(cause.id, id))
				return cause.is_rule;
		}
	}
	return false;
}

static void every_message_of_a_rule(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t f = 0; f < n_rule_families; f++) {
		for (size_t i = 0; i < rule_families[f]->n_steps; i++) {
			const struct step *step = &rule_families[f]->steps[i];
			char *text = step->message ? render(step->message) : NULL;
			struct iof_explain *x = text ? read_log(text, strlen(text), true) : NULL;

			if (x && !has_cause(x, step->rule->id)) {
				char *said = summary(x);

				fail_msg("%s: %s\nsaid: %s", step->rule->id, text, said);
			}
			n += x != NULL;
			iof_explain_unref(x);
			free(text);
		}
	}
	assert_true(n > 100);
}

int rules_run(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_message_of_a_rule)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
