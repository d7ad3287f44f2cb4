/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* remarks.c - what the manager does with a config before any VMM is started. */
#include <errno.h>

#include "vmm/machine.h"

static const enum problem_kind kinds[] = {
	[REMARK_REFUSED] = PROBLEM_MANAGER_REFUSES,
	[REMARK_DROPPED] = PROBLEM_MANAGER_DROPS,
	[REMARK_INEFFECTIVE] = PROBLEM_MANAGER_NO_EFFECT,
	[REMARK_PENDING] = PROBLEM_MANAGER_PENDING,
	[REMARK_WARNED] = PROBLEM_MANAGER_WARNS,
	[REMARK_ASSUMED] = PROBLEM_MANAGER_ASSUMES,
};

/* Operands: the text, what is to know about it, who the manager is. A refusal is what the user gets
 * to see in place of a line of the VMM. */
static struct message remark_message(const struct iof_machine *m, const struct remark *remark)
{
	const char *manager = m->vm->manager ? m->vm->manager : "The manager";

	return (struct message){
		.text = remark->kind == REMARK_REFUSED ? "{0}" : NULL,
		.operand = {text_operand(remark->text),
			    text_operand(remark->detail ? remark->detail : ""),
			    text_operand(manager)},
	};
}

int machine_take_remarks(struct iof_machine *m)
{
	for (size_t i = 0; i < m->vm->n_remarks; i++) {
		const struct remark *remark = &m->vm->remarks[i];
		struct message message = remark_message(m, remark);
		enum problem_kind kind = kinds[remark->kind];

		if (remark->kind == REMARK_REFUSED) {
			if (m->n_problems == 0) {
				machine_problem(m, kind, SIZE_MAX, NULL, remark->text, message);
				m->problems[0].remark = remark;
			}
			continue;
		}
		if (machine_warning(m, kind, SIZE_MAX, NULL, message))
			return -ENOMEM;
		m->warnings[m->n_warnings - 1].remark = remark;
	}
	return 0;
}
