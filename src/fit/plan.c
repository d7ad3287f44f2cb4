/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking for a fix: try a cure on the whole VM; where another fault then shows, cure that, too,
 * until the check is clean. What belongs together becomes one fix, and nothing is offered that was
 * not tried.
 */
#include <errno.h>
#include <stdlib.h>

#include "fit/report.h"
#include "host/what_if.h"

#define MAX_ROUNDS 8 /* faults that may hide behind one another */
#define MAX_TRIES 96 /* checks that one finding may cost */

struct plan {
	struct iof_report *report;
	struct iof_vmm vmm;  /* as it would be: the locked-memory limit may be raised on the way, a
				device plugged otherwise */
	struct arena *arena; /* of the fix */
	const struct iof_fix *rounds[MAX_ROUNDS];
	unsigned n_rounds;
	unsigned tries;
	const struct iof_finding *finding; /* what the fix is for: its rule must be silent */
	enum iof_verdict before;
	bool is_lenient; /* what is left beside it may stay, if it did not come by the fix */
	/* The best that was seen when nothing was clean: it starts, or at least this fault is gone.
	 */
	struct {
		const struct iof_fix *rounds[MAX_ROUNDS];
		unsigned n_rounds;
		bool starts;
		const struct rule *next;
	} best;
	struct iof_ctx *ctx; /* says what the config's language cannot say; NULL: a command line */
	const char *unsaid;  /* the first such reason, in the arena */
	int err;
};

static bool is_fault(const struct iof_finding *finding)
{
	return !finding->is_doubtful && finding->effect != EFFECT_NOTE &&
	       finding->effect != EFFECT_WARNS && finding->effect != EFFECT_BLOCKS;
}

/* QEMU's warnings about options have no cure that would be worth it; the manager's remarks may. */
static bool wants_fix(const struct iof_finding *finding)
{
	bool has_remark = finding->problem && finding->problem->remark;

	return is_fault(finding) || has_remark ||
	       (!finding->is_doubtful && !finding->problem && finding->effect != EFFECT_BLOCKS);
}

/* What a fix has to deal with beside its own finding: faults, and what QEMU itself warns of where
 * something can be done about it. */
static bool is_to_be_cured(const struct plan *p, const struct iof_finding *finding)
{
	if (is_fault(finding))
		return true;
	return !p->is_lenient && wants_fix(finding) && finding->effect == EFFECT_WARNS &&
	       finding->rule->cure && finding->rule->severity != IOF_SEVERITY_NOTE;
}

static bool has_left(const struct plan *p, const struct iof_report *report)
{
	for (size_t i = 0; i < report->n_findings; i++) {
		const struct iof_finding *finding = &report->findings[i];

		if (finding->rule == p->finding->rule ||
		    (!is_fault(finding) && is_to_be_cured(p, finding)))
			return true;
	}
	return false;
}

static bool is_good(const struct plan *p, const struct iof_report *report)
{
	if (report->start != IOF_OUTCOME_STARTS || report->verdict == IOF_VERDICT_FAILS ||
	    has_left(p, report))
		return false;
	if (report->verdict == IOF_VERDICT_FITS)
		return true;
	return p->is_lenient && (p->before == IOF_VERDICT_FAILS || p->before == report->verdict);
}

/* The reason without the file's name: it is told beside a finding, which has it. */
static void keep_unsaid(struct plan *p)
{
	const char *text = p->ctx && !p->unsaid ? iof_ctx_error(p->ctx) : NULL;
	const char *name = p->report->machine->vm->name;
	size_t n = strlen(name);

	if (!text || !*text)
		return;
	if (strncmp(text, name, n) == 0 && text[n] == ':') {
		text += n + 1;
		text += strspn(text, "0123456789");
		text += strspn(text, ": ");
	}
	p->unsaid = arena_strdup(p->arena, text);
	if (!p->unsaid)
		p->err = -ENOMEM;
}

/* The devices to be plugged, one of them with another text, or without it (NULL). */
static int replace_plugged(struct plan *p, size_t index, const char *text)
{
	const char **plug = arena_array(p->arena, p->vmm.n_plug, sizeof(*plug));
	size_t n = 0;

	if (!plug)
		return -ENOMEM;
	for (size_t i = 0; i < p->vmm.n_plug; i++) {
		if (i != index || text)
			plug[n++] = i == index ? text : p->vmm.plug[i];
	}
	p->vmm.plug = plug;
	p->vmm.n_plug = n;
	return 0;
}

static int apply_edits(struct plan *p, const struct iof_fix *fix, const struct iof_host *host,
		       const struct iof_vm *vm, struct iof_host **new_host, struct iof_vm **new_vm)
{
	struct vm_edit *edits = calloc(fix->n_edits ? fix->n_edits : 1, sizeof(*edits));
	size_t n = 0;
	int r = 0;

	*new_host = iof_host_ref((struct iof_host *)(uintptr_t)host);
	*new_vm = NULL;
	if (!edits)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < fix->n_edits; i++) {
		const struct fix_edit *e = &fix->edits[i];
		struct iof_host *changed;

		if (e->where == IOF_WHERE_VM) {
			edits[n++] = fix_to_vm_edit(e);
			continue;
		}
		if (e->where == IOF_WHERE_PLUG) {
			r = replace_plugged(p, e->option, e->value);
			continue;
		}
		if (str_eq(e->target, "memlock")) {
			r = parse_u64(e->value, 10, UINT64_MAX, &p->vmm.memlock);
			continue;
		}
		r = host_what_if(*new_host, e->target, e->value, &changed);
		if (r == 0) {
			iof_host_unref(*new_host);
			*new_host = changed;
		}
	}
	if (r == 0)
		r = vm_edit_structure(p->ctx, vm, edits, n, new_vm);
	if (r == -EOPNOTSUPP)
		keep_unsaid(p);
	free(edits);
	return r;
}

static bool solve(struct plan *p, struct iof_host *host, struct iof_vm *vm);

/* One cure on top of those so far; true: with it, and maybe more, the check is clean. */
static bool try_cure(struct plan *p, const struct iof_fix *fix, const struct iof_host *host,
		     const struct iof_vm *vm)
{
	struct iof_host *new_host = NULL;
	struct iof_vm *new_vm = NULL;
	const struct iof_vmm vmm = p->vmm;
	bool solved = false;
	int r;

	if (p->n_rounds == MAX_ROUNDS || p->tries++ >= MAX_TRIES || !fix->n_edits)
		return false;
	p->rounds[p->n_rounds++] = fix;
	r = apply_edits(p, fix, host, vm, &new_host, &new_vm);
	if (r == -ENOMEM)
		p->err = r;
	if (r == 0)
		solved = solve(p, new_host, new_vm);
	iof_host_unref(new_host);
	iof_vm_unref(new_vm);
	p->vmm = vmm;
	if (!solved)
		p->n_rounds--;
	return solved;
}

/* Not clean, but remember how far it came: to the start, or to a fault that has no cure. */
static void keep_best(struct plan *p, const struct iof_report *report)
{
	bool starts = report->start == IOF_OUTCOME_STARTS;
	const struct rule *next = NULL;

	if (p->n_rounds == 0 || (p->best.n_rounds && (p->best.starts || !starts)))
		return;
	for (size_t i = 0; i < report->n_findings && !next; i++) {
		if (is_fault(&report->findings[i]))
			next = report->findings[i].rule;
	}
	memcpy(p->best.rounds, p->rounds, sizeof(p->rounds));
	p->best.n_rounds = p->n_rounds;
	p->best.starts = starts;
	p->best.next = next;
}

/* Edits of a further round are for another fault than the one that the fix is shown for: say which.
 */
static void tell_why(struct fix_list *list, const struct iof_finding *finding)
{
	const char *why =
		list->first ? message_render(list->arena, finding->rule->because, finding->operand)
			    : NULL;

	/* A manager's refusal says itself why. */
	if (why && !*why && finding->problem && finding->problem->message.text)
		why = message_render(list->arena, finding->problem->message.text, finding->operand);
	if (list->first && !why)
		list->err = -ENOMEM;
	for (struct iof_fix *fix = list->first; fix; fix = fix->next) {
		for (size_t i = 0; i < fix->n_edits; i++)
			fix->edits[i].why = why;
	}
}

/* A BAR that is still out of reach: another of its cures would have done alone. */
static bool is_same_bar(const struct plan *p, const struct iof_finding *finding)
{
	const struct guest_function *a = p->finding->mapping.function;
	const struct guest_function *b = finding->mapping.function;

	return a && b && finding->rule == p->finding->rule && a->devfn == b->devfn &&
	       a->bus->number == b->bus->number && p->finding->mapping.bar == finding->mapping.bar;
}

static size_t count_edits(const struct iof_fix *const *rounds, unsigned n_rounds)
{
	size_t n = 0;

	for (unsigned i = 0; i < n_rounds; i++)
		n += rounds[i]->n_edits;
	return n;
}

/* The cure with the fewest edits in all. One that leads to another fault may be no better than the
 * cure of that fault alone, which comes later in the list. */
static bool try_cures(struct plan *p, const struct iof_fix *fix, const struct iof_machine *m)
{
	const struct iof_fix *best[MAX_ROUNDS];
	unsigned before = p->n_rounds, n_best = 0;

	for (; fix && !p->err; fix = fix->next) {
		bool is_last;

		if (!try_cure(p, fix, m->host, m->vm))
			continue;
		is_last = p->n_rounds == before + 1;
		if (!n_best || count_edits(p->rounds, p->n_rounds) < count_edits(best, n_best)) {
			memcpy(best, p->rounds, sizeof(best));
			n_best = p->n_rounds;
		}
		p->n_rounds = before;
		if (is_last)
			break;
	}
	if (!n_best)
		return false;
	memcpy(p->rounds, best, sizeof(best));
	p->n_rounds = n_best;
	return true;
}

/* Cures of the first fault that the check still finds. */
static bool cure_first_fault(struct plan *p, const struct iof_report *report)
{
	const struct iof_machine *m = report->machine;

	for (size_t i = 0; i < report->n_findings && !p->err; i++) {
		const struct iof_finding *finding = &report->findings[i];
		struct fix_list list = {.arena = p->arena};

		if (!is_to_be_cured(p, finding))
			continue;
		if (is_same_bar(p, finding))
			return false;
		list.last = &list.first;
		if (finding->rule->cure)
			finding->rule->cure(&list, m, finding);
		tell_why(&list, finding);
		if (list.err)
			p->err = list.err;
		return try_cures(p, list.first, m);
	}
	return false;
}

/* The check of another VM on another host. *m and *report are to be unreferenced in any case. */
static int check_vm(struct plan *p, struct iof_host *host, struct iof_vm *vm,
		    struct iof_machine **m, struct iof_report **report)
{
	int r;

	*m = NULL;
	*report = NULL;
	r = iof_report_new(NULL, report);
	if (r == 0)
		r = iof_machine_resolve(NULL, host, vm, &p->vmm, m);
	if (r == 0)
		r = iof_check(host, *m, &p->report->options, *report);
	if (r == -ENOMEM)
		p->err = r;
	return r;
}

static bool solve(struct plan *p, struct iof_host *host, struct iof_vm *vm)
{
	struct iof_machine *m;
	struct iof_report *report;
	int r = check_vm(p, host, vm, &m, &report);
	bool solved = r == 0 && (is_good(p, report) || cure_first_fault(p, report));

	if (r == 0 && !solved)
		keep_best(p, report);
	iof_report_unref(report);
	iof_machine_unref(m);
	return solved;
}

/* A device to be plugged is said anew as a whole: the last word counts. */
static bool is_superseded(const struct fix_edit *edit, const struct iof_fix *const *later,
			  unsigned n_later)
{
	for (unsigned r = 0; edit->where == IOF_WHERE_PLUG && r < n_later; r++) {
		for (size_t i = 0; i < later[r]->n_edits; i++) {
			if (later[r]->edits[i].where == IOF_WHERE_PLUG &&
			    later[r]->edits[i].option == edit->option)
				return true;
		}
	}
	return false;
}

/* All rounds as one fix, its edits numbered by round. */
static struct iof_fix *join_rounds(struct plan *p, const struct iof_fix *const *rounds,
				   unsigned n_rounds)
{
	struct iof_fix *fix = arena_alloc(p->arena, sizeof(*fix));
	size_t n = 0;

	for (unsigned r = 0; r < n_rounds; r++)
		n += rounds[r]->n_edits;
	if (fix)
		fix->edits = arena_array(p->arena, n ? n : 1, sizeof(*fix->edits));
	if (!fix || !fix->edits) {
		p->err = -ENOMEM;
		return NULL;
	}
	for (unsigned r = 0; r < n_rounds; r++) {
		for (size_t i = 0; i < rounds[r]->n_edits; i++) {
			const struct fix_edit *edit = &rounds[r]->edits[i];

			if (is_superseded(edit, rounds + r + 1, n_rounds - r - 1))
				continue;
			fix->edits[fix->n_edits] = *edit;
			fix->edits[fix->n_edits++].round = r;
		}
	}
	fix->consequence = rounds[0]->consequence;
	return fix;
}

static struct iof_fix *clean_fix(struct plan *p)
{
	struct iof_fix *fix = join_rounds(p, p->rounds, p->n_rounds);

	if (fix) {
		fix->is_checked = true;
		fix->is_lenient = p->is_lenient;
	}
	return fix;
}

/* What is left when no cure makes all clean: the way as far as it goes, and what waits there. */
static struct iof_fix *best_fix(struct plan *p)
{
	struct iof_fix *fix =
		p->best.n_rounds ? join_rounds(p, p->best.rounds, p->best.n_rounds) : NULL;

	if (fix) {
		fix->is_checked = p->best.starts;
		fix->next_rule = p->best.next;
	}
	return fix;
}

/* Whether edits of later rounds mean the same options without this round. */
static bool keeps_order(const struct iof_fix *round)
{
	for (size_t i = 0; i < round->n_edits; i++) {
		enum iof_op op = round->edits[i].op;

		if (op != IOF_OP_SET && op != IOF_OP_UNSET)
			return false;
	}
	return true;
}

static bool checks_well(struct plan *p, struct iof_host *host, struct iof_vm *vm)
{
	struct iof_machine *m;
	struct iof_report *report;
	bool is_well = check_vm(p, host, vm, &m, &report) == 0 && is_good(p, report);

	iof_report_unref(report);
	iof_machine_unref(m);
	return is_well;
}

static bool holds_without(struct plan *p, unsigned skip)
{
	const struct iof_machine *m = p->report->machine;
	struct iof_host *host = iof_host_ref((struct iof_host *)(uintptr_t)p->report->host);
	struct iof_vm *vm = iof_vm_ref(m->vm);
	const struct iof_vmm vmm = p->vmm;
	bool holds;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < p->n_rounds; i++) {
		struct iof_host *new_host = NULL;
		struct iof_vm *new_vm = NULL;

		if (i == skip)
			continue;
		r = apply_edits(p, p->rounds[i], host, vm, &new_host, &new_vm);
		iof_host_unref(host);
		iof_vm_unref(vm);
		host = new_host;
		vm = new_vm;
	}
	if (r == -ENOMEM)
		p->err = r;
	holds = r == 0 && checks_well(p, host, vm);
	iof_host_unref(host);
	iof_vm_unref(vm);
	p->vmm = vmm;
	return holds;
}

/* A later round may make an earlier one needless: who removes the vIOMMU need not set it right. */
static void drop_needless_rounds(struct plan *p)
{
	for (unsigned i = 0; i + 1 < p->n_rounds && !p->err;) {
		if (!keeps_order(p->rounds[i]) || !holds_without(p, i)) {
			i++;
			continue;
		}
		memmove(&p->rounds[i], &p->rounds[i + 1],
			(p->n_rounds - i - 1) * sizeof(p->rounds[0]));
		p->n_rounds--;
	}
}

/* So that all is well; if that cannot be, so that this fault is gone. */
static bool try_both_ways(struct plan *p, const struct iof_fix *fix)
{
	const struct iof_machine *m = p->report->machine;
	bool solved = false;

	for (int lenient = 0; lenient <= 1 && !solved && !p->err; lenient++) {
		p->is_lenient = lenient;
		p->n_rounds = 0;
		p->tries = 0;
		solved = try_cure(p, fix, p->report->host, m->vm);
	}
	if (solved)
		drop_needless_rounds(p);
	return solved;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && str_eq(a, b));
}

static bool has_edit(const struct iof_fix *fix, const struct fix_edit *edit)
{
	for (size_t i = 0; i < fix->n_edits; i++) {
		const struct fix_edit *e = &fix->edits[i];

		if (e->where == edit->where && e->op == edit->op && same_text(e->key, edit->key) &&
		    same_text(e->value, edit->value) && same_text(e->target, edit->target))
			return true;
	}
	return false;
}

static bool contains(const struct iof_fix *more, const struct iof_fix *less)
{
	for (size_t i = 0; i < less->n_edits; i++) {
		if (!has_edit(more, &less->edits[i]))
			return false;
	}
	return more->n_edits > less->n_edits;
}

static unsigned count_reasons(const struct iof_fix *fix)
{
	unsigned n = 0;

	for (size_t i = 0; i < fix->n_edits; i++)
		n += fix->edits[i].why != NULL;
	return n;
}

/* Two cures may end in the same edits, once their needless rounds are gone: the one that needs the
 * fewest reasons stays, of equals the first. */
static bool is_said_by(const struct iof_fix *fix, const struct iof_fix *other, bool other_is_before)
{
	unsigned n = count_reasons(fix), n_other = count_reasons(other);

	if (fix->n_edits != other->n_edits || fix->is_lenient < other->is_lenient)
		return false;
	for (size_t i = 0; i < fix->n_edits; i++) {
		if (!has_edit(other, &fix->edits[i]))
			return false;
	}
	return n_other < n || (n_other == n && other_is_before);
}

/* A cure that led to another fault, whose own cure would have done alone: nobody wants both. What
 * is one cure is meant so. */
static void drop_supersets(struct iof_fix **first)
{
	struct iof_fix **link = first;

	while (*link) {
		bool is_one = (*link)->edits[(*link)->n_edits - 1].round == 0, is_before = true;
		const struct iof_fix *other = *first;

		for (; other; other = other->next) {
			if (other == *link)
				is_before = false;
			else if (is_said_by(*link, other, is_before) ||
				 (!is_one && other->is_lenient <= (*link)->is_lenient &&
				  contains(*link, other)))
				break;
		}
		if (other)
			*link = (*link)->next;
		else
			link = &(*link)->next;
	}
}

int report_make_fixes(struct iof_report *report, struct iof_finding *finding)
{
	const struct iof_machine *m = report->machine;
	struct fix_list list = {.arena = report->arena};
	struct iof_fix **last = &finding->fixes;
	unsigned done = 0; /* ladder */
	struct plan p = {.report = report,
			 .arena = report->arena,
			 .vmm = m->vmm,
			 .finding = finding,
			 .before = report->verdict};

	finding->has_fixes = true;
	list.last = &list.first;
	if (!finding->rule->cure || !wants_fix(finding))
		return 0;
	finding->rule->cure(&list, m, finding);
	p.err = list.err;
	if (m->vm->config && !p.err)
		p.err = iof_ctx_new(&p.ctx);
	for (struct iof_fix *fix = list.first; fix && !p.err; fix = fix->next) {
		if ((fix->ladder && fix->ladder == done) || !try_both_ways(&p, fix))
			continue;
		done = fix->ladder;
		*last = clean_fix(&p);
		if (*last)
			last = &(*last)->next;
	}
	drop_supersets(&finding->fixes);
	if (!finding->fixes && !p.err)
		finding->fixes = best_fix(&p);
	if (!finding->fixes)
		finding->unsaid = p.unsaid;
	finding->advice = list.advice;
	iof_ctx_unref(p.ctx);
	return p.err;
}
