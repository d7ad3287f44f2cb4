/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What real QEMU answered, against what iof_check() predicts: start and plug outcome, messages, and
 * message forms; of VMs whose firmware ran also the messages of the run, and where BARs went.
 *
 *     oracle CELLS.jsonl.xz CAPTURES [SET,SET...]     summary, and each miss (--misses N, --forms)
 *
 * Fails when fewer outcomes, messages or BARs are right than are asked for (--outcomes 100
 * --messages 98 --bars 97), when a plug outcome is wrong or a form was never right (not with
 * --floor), or when a failing cell has no cure and none of the excuses (--fixes).
 */
#include <getopt.h>
#include <iommufit/iommufit.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../recorded.h"

#define MAX_SETS 16

struct form {
	char *text;
	unsigned seen, right;
};

struct cached_host {
	char *name;
	struct iof_host *host;
};

struct run {
	struct iof_ctx *ctx;
	const char *captures;
	const char *sets[MAX_SETS];
	size_t n_sets;
	struct cached_host *hosts;
	size_t n_hosts;
	struct form *forms;
	size_t n_forms;
	struct iof_report *report;
	unsigned cells, outcome_right, plugs, plug_right, messages_right, definition_wrong;
	unsigned bars, bars_right;
	enum iof_phase last_phase; /* of the cell: the run counts where firmware ran */
	unsigned failing, cured, exempt, misses_left;
	bool want_fixes, want_forms, is_floor, other_groups;
};

static struct iof_host *find_host(struct run *run, const char *name)
{
	char path[4096];
	struct cached_host *slot;

	for (size_t i = 0; i < run->n_hosts; i++) {
		if (strcmp(run->hosts[i].name, name) == 0)
			return run->hosts[i].host;
	}
	run->hosts = realloc(run->hosts, (run->n_hosts + 1) * sizeof(*run->hosts));
	slot = &run->hosts[run->n_hosts++];
	slot->name = strdup(name);
	slot->host = NULL;
	snprintf(path, sizeof(path), "%s/%s.tar.xz", run->captures, name);
	if (iof_host_load_capture(run->ctx, path, NULL, &slot->host))
		fprintf(stderr, "%s\n", iof_ctx_error(run->ctx));
	return slot->host;
}

static const char *get(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value)
							      : NULL;
}

/* Addresses and numbers masked: what remains is the form of a message. */
static char *form_of(const char *message)
{
	char *form = malloc(strlen(message) + 1), *to = form;

	for (const char *from = message; *from;) {
		if (strncmp(from, "0x", 2) == 0) {
			from += 2 + strspn(from + 2, "0123456789abcdef");
			*to++ = 'X';
		} else if (strchr("0123456789", *from) &&
			   (from == message || !strchr("abcdefghijklmnopqrstuvwxyz-", from[-1]))) {
			size_t n = strspn(from, "0123456789abcdef:.");

			while (n > 1 && strchr(":.", from[n - 1]))
				n--;
			from += n;
			*to++ = '#';
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return form;
}

static void count_form(struct run *run, const char *message, bool is_right)
{
	char *text = form_of(message);

	for (size_t i = 0; i < run->n_forms; i++) {
		if (strcmp(run->forms[i].text, text))
			continue;
		run->forms[i].seen++;
		run->forms[i].right += is_right;
		free(text);
		return;
	}
	run->forms = realloc(run->forms, (run->n_forms + 1) * sizeof(*run->forms));
	run->forms[run->n_forms++] = (struct form){.text = text, .seen = 1, .right = is_right};
}

/* All predicted messages: of the start, the plug, and the run where firmware ran. */
static const char *predicted(struct run *run, size_t index)
{
	for (enum iof_phase phase = IOF_PHASE_START; phase <= run->last_phase; phase++) {
		const char *message = iof_report_message(run->report, phase, index);
		size_t n = 0;

		if (message)
			return message;
		while (iof_report_message(run->report, phase, n))
			n++;
		index -= n;
	}
	return NULL;
}

static const struct iof_region *find_bar(const struct iof_machine *machine, const char *id, int bar)
{
	const struct iof_region *region;

	iof_machine_region_foreach(machine, region)
	{
		const char *device = iof_region_device(region);

		if (iof_region_kind(region) == IOF_REGION_BAR && device &&
		    strcmp(device, id) == 0 && iof_region_bar(region) == bar)
			return region;
	}
	return NULL;
}

/* Memory BARs, not the option ROM. An address of -1 is one that firmware has not placed. */
static bool compare_bars(struct run *run, struct json_object *cell,
			 const struct iof_machine *machine)
{
	struct json_object *bars = NULL;
	unsigned before = run->bars - run->bars_right;

	if (!json_object_object_get_ex(cell, "bars", &bars) || !bars)
		return true;
	for (size_t i = 0; i < json_object_array_length(bars); i++) {
		struct json_object *bar = json_object_array_get_idx(bars, i);
		int number = json_object_get_int(json_object_object_get(bar, "bar"));
		int64_t address = json_object_get_int64(json_object_object_get(bar, "addr"));
		const struct iof_region *region;

		if (number > 5 || strcmp(get(bar, "type"), "memory") != 0)
			continue;
		region = find_bar(machine, get(bar, "id"), number);
		run->bars++;
		run->bars_right +=
			address < 0 ? !region
				    : region && iof_region_range(region).first == (uint64_t)address;
	}
	return run->bars - run->bars_right == before;
}

/* The numbers of IOMMU groups may differ (--other-groups: the cells' host had other devices than
 * its capture). */
static bool same_message(const struct run *run, const char *got, const char *want)
{
	static const char group[] = " group ";
	size_t n;

	for (; run->other_groups && *got && *got == *want; got++, want++) {
		if (strncmp(got, group, strlen(group)) || strncmp(want, group, strlen(group)))
			continue;
		n = strlen(group) - 1;
		got += n + strspn(got + n + 1, "0123456789");
		want += n + strspn(want + n + 1, "0123456789");
	}
	return strcmp(got, want) == 0;
}

static bool compare_messages(struct run *run, struct json_object *cell)
{
	struct json_object *messages = json_object_object_get(cell, "messages");
	size_t n = json_object_array_length(messages), i;
	bool same = true;

	for (i = 0; i < n; i++) {
		const char *want = json_object_get_string(json_object_array_get_idx(messages, i));
		const char *got = predicted(run, i);
		bool is_right = got && same_message(run, got, want);

		count_form(run, want, is_right);
		same = same && is_right;
	}
	return same && !predicted(run, i);
}

static const char *outcome_name(enum iof_outcome outcome)
{
	static const char *const names[] = {
		[IOF_OUTCOME_UNKNOWN] = "unknown",
		[IOF_OUTCOME_STARTS] = "starts",
		[IOF_OUTCOME_FAILS] = "fails",
		[IOF_OUTCOME_ACCEPTED] = "accepted",
		[IOF_OUTCOME_REFUSED] = "refused",
		[IOF_OUTCOME_KILLS_VM] = "kills-vm",
		[IOF_OUTCOME_NOT_REACHED] = "not-reached",
		[IOF_OUTCOME_NONE] = "none",
		[IOF_OUTCOME_WORKS] = "works",
		[IOF_OUTCOME_DEGRADED] = "degraded",
		[IOF_OUTCOME_BROKEN] = "broken",
		[IOF_OUTCOME_POSSIBLE] = "possible",
		[IOF_OUTCOME_BLOCKED] = "blocked",
	};

	return names[outcome];
}

static void show_miss(struct run *run, struct json_object *cell, const char *what)
{
	struct json_object *argv = json_object_object_get(cell, "argv");

	if (run->misses_left == 0)
		return;
	run->misses_left--;
	printf("MISS %s: %s %s %s:", what, get(cell, "host"), get(cell, "qemu"), get(cell, "set"));
	for (size_t i = 6; i < json_object_array_length(argv); i++)
		printf(" %s", json_object_get_string(json_object_array_get_idx(argv, i)));
	if (get(cell, "device_add"))
		printf("  + %s", get(cell, "device_add"));
	printf("\n  real: %s %s %s\n  said: %s %s", get(cell, "outcome"),
	       get(cell, "plug") ? get(cell, "plug") : "", get(cell, "messages"),
	       outcome_name(iof_report_start(run->report)),
	       outcome_name(iof_report_plug(run->report)));
	if (get(cell, "bars"))
		printf(" %s", get(cell, "bars"));
	for (size_t i = 0; predicted(run, i); i++)
		printf(" \"%s\"", predicted(run, i));
	printf("\n");
}

/* Verdict and run, against their definition: the verdict is the worst of start, plug and run. */
static bool follows_definition(const struct iof_report *report)
{
	enum iof_outcome start = iof_report_start(report), plug = iof_report_plug(report),
			 dma = iof_report_run(report);
	bool fails = start == IOF_OUTCOME_FAILS || plug == IOF_OUTCOME_REFUSED ||
		     plug == IOF_OUTCOME_KILLS_VM || dma == IOF_OUTCOME_BROKEN;
	bool unknown = start == IOF_OUTCOME_UNKNOWN || plug == IOF_OUTCOME_UNKNOWN ||
		       dma == IOF_OUTCOME_UNKNOWN;
	enum iof_verdict want = fails			      ? IOF_VERDICT_FAILS
				: unknown		      ? IOF_VERDICT_UNKNOWN
				: dma == IOF_OUTCOME_DEGRADED ? IOF_VERDICT_DEGRADED
							      : IOF_VERDICT_FITS;

	if (start == IOF_OUTCOME_FAILS && dma != IOF_OUTCOME_UNKNOWN)
		return false;
	return iof_report_verdict(report) == want;
}

/* Causes for which no cure is due. */
static bool is_exempt(const char *rule)
{
	static const char *const exempt[] = {"vfio.no-iommu-group",  "vfio.device-absent",
					     "vfio.direct-region",   "intel.no-nesting",
					     "vfio.no-device-given", "config.host-address"};

	for (size_t i = 0; i < sizeof(exempt) / sizeof(exempt[0]); i++) {
		if (strcmp(rule, exempt[i]) == 0)
			return true;
	}
	return false;
}

static bool changes_host(const struct iof_fix *fix)
{
	struct iof_edit_step step;

	for (size_t i = 0; iof_fix_step(fix, i, &step) == 0; i++) {
		if (step.where != IOF_WHERE_VM && step.where != IOF_WHERE_PLUG)
			return true;
	}
	return false;
}

/* The device to be plugged, as the fix has it; a cell has one at most. */
static void change_plug(struct iof_vmm *vmm, const char **plug, const struct iof_fix *fix)
{
	struct iof_edit_step step;

	for (size_t i = 0; iof_fix_step(fix, i, &step) == 0; i++) {
		if (step.where != IOF_WHERE_PLUG)
			continue;
		*plug = step.to;
		vmm->plug = plug;
		vmm->n_plug = step.op == IOF_OP_REMOVE ? 0 : 1;
	}
}

/* Write the fix into the command line, read that anew, and check it: does it start, and take what
 * is plugged? */
static bool starts_after(struct run *run, struct iof_host *host, const struct iof_vm *vm,
			 const struct iof_vmm *as_it_was, const struct iof_fix *fix)
{
	struct iof_vmm vmm = *as_it_was;
	const char *plug = NULL;
	struct iof_edit *edit = NULL;
	struct iof_vm *fixed = NULL;
	struct iof_machine *machine = NULL;
	struct iof_report *report = NULL;
	size_t argc = 0;
	bool starts = false;

	change_plug(&vmm, &plug, fix);
	if (iof_fix_apply(run->ctx, vm, &fix, 1, &edit) == 0 && iof_edit_argv(edit)) {
		while (iof_edit_argv(edit)[argc])
			argc++;
		if (iof_vm_load_argv(run->ctx, iof_edit_argv(edit), argc, "fixed", &fixed) == 0 &&
		    iof_machine_resolve(run->ctx, host, fixed, &vmm, &machine) == 0 &&
		    iof_report_new(run->ctx, &report) == 0 &&
		    iof_check(NULL, machine, NULL, report) == 0)
			starts = iof_report_start(report) == IOF_OUTCOME_STARTS &&
				 iof_report_verdict(report) != IOF_VERDICT_FAILS;
	}
	iof_report_unref(report);
	iof_machine_unref(machine);
	iof_vm_unref(fixed);
	iof_edit_unref(edit);
	return starts;
}

static bool has_working_fix(struct run *run, struct iof_host *host, struct iof_vm *vm,
			    const struct iof_vmm *vmm, const char **rule)
{
	const struct iof_finding *finding;

	*rule = "?";
	iof_report_finding_foreach(run->report, finding)
	{
		const struct iof_fix *fix;

		if (iof_finding_severity(finding) != IOF_SEVERITY_ERROR)
			continue;
		*rule = iof_finding_rule(finding);
		fix = iof_finding_fix_next(run->report, finding, NULL);
		if (fix && iof_fix_remaining(fix))
			*rule = iof_fix_remaining(fix);
		return fix && iof_fix_is_checked(fix) &&
		       (changes_host(fix) || starts_after(run, host, vm, vmm, fix));
	}
	return false;
}

static uint64_t memlock(struct json_object *cell)
{
	struct json_object *value;

	return json_object_object_get_ex(cell, "memlock", &value)
		       ? (uint64_t)json_object_get_int64(value)
		       : 0;
}

static void one_cell(struct run *run, struct json_object *cell)
{
	struct json_object *argv = json_object_object_get(cell, "argv");
	struct iof_host *host = find_host(run, get(cell, "host"));
	size_t argc = json_object_array_length(argv);
	const char **words = calloc(argc + 1, sizeof(*words));
	char version[32];
	const char *plug = get(cell, "device_add"), *outcome = get(cell, "outcome"), *rule;
	struct iof_vmm vmm = {.size = sizeof(vmm),
			      .version = version,
			      .plug = &plug,
			      .n_plug = plug ? 1 : 0,
			      .memlock = memlock(cell)};
	struct iof_vm *vm = NULL;
	struct iof_machine *machine = NULL;
	bool is_right;

	snprintf(version, sizeof(version), "qemu=%s", get(cell, "qemu"));
	for (size_t i = 0; i < argc; i++)
		words[i] = json_object_get_string(json_object_array_get_idx(argv, i));
	run->cells++;
	run->last_phase = get(cell, "mode") && strcmp(get(cell, "mode"), "boot") == 0
				  ? IOF_PHASE_RUN
				  : IOF_PHASE_PLUG;
	if (!host || iof_vm_load_argv(run->ctx, words, argc, "cell", &vm) ||
	    iof_machine_resolve(run->ctx, host, vm, &vmm, &machine) ||
	    iof_check(NULL, machine, NULL, run->report)) {
		printf("MISS cannot check: %s\n", iof_ctx_error(run->ctx));
		goto out;
	}
	is_right = iof_report_start(run->report) ==
		   (strcmp(outcome, "fails") == 0 ? IOF_OUTCOME_FAILS : IOF_OUTCOME_STARTS);
	run->outcome_right += is_right;
	if (!is_right)
		show_miss(run, cell, "outcome");
	if (get(cell, "plug")) {
		bool same =
			strcmp(outcome_name(iof_report_plug(run->report)), get(cell, "plug")) == 0;

		run->plugs++;
		run->plug_right += same;
		if (!same && is_right)
			show_miss(run, cell, "plug");
	}
	if (!compare_bars(run, cell, machine))
		show_miss(run, cell, "bars");
	if (!follows_definition(run->report)) {
		run->definition_wrong++;
		show_miss(run, cell, "definition");
	}
	if (compare_messages(run, cell))
		run->messages_right++;
	else if (is_right)
		show_miss(run, cell, "messages");
	if (run->want_fixes && iof_report_verdict(run->report) == IOF_VERDICT_FAILS) {
		run->failing++;
		if (has_working_fix(run, host, vm, &vmm, &rule))
			run->cured++;
		else if (is_exempt(rule))
			run->exempt++;
		else
			show_miss(run, cell, rule);
	}
out:
	iof_machine_unref(machine);
	iof_vm_unref(vm);
	free(words);
}

static bool is_wanted(const struct run *run, const char *set)
{
	for (size_t i = 0; i < run->n_sets; i++) {
		if (set && strcmp(run->sets[i], set) == 0)
			return true;
	}
	return run->n_sets == 0;
}

static void all_cells(struct run *run, char *text)
{
	struct json_tokener *tokener = json_tokener_new();

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		struct json_object *cell = json_tokener_parse_ex(tokener, line, (int)strlen(line));

		json_tokener_reset(tokener);
		if (!cell) {
			printf("MISS unreadable cell\n");
			run->cells++;
			continue;
		}
		if (is_wanted(run, get(cell, "set")))
			one_cell(run, cell);
		json_object_put(cell);
	}
	json_tokener_free(tokener);
}

static unsigned show_forms(const struct run *run)
{
	unsigned right = 0;

	for (size_t i = 0; i < run->n_forms; i++) {
		const struct form *form = &run->forms[i];

		right += form->right > 0;
		if (run->want_forms || !form->right)
			printf("%s form %u of %u: %s\n", form->right ? "    " : "MISS", form->right,
			       form->seen, form->text);
	}
	return right;
}

static double percent(unsigned part, unsigned whole)
{
	return whole ? 100.0 * part / whole : 100.0;
}

static void free_run(struct run *run)
{
	for (size_t i = 0; i < run->n_hosts; i++) {
		iof_host_unref(run->hosts[i].host);
		free(run->hosts[i].name);
	}
	for (size_t i = 0; i < run->n_forms; i++)
		free(run->forms[i].text);
	free(run->hosts);
	free(run->forms);
	iof_report_unref(run->report);
	iof_ctx_unref(run->ctx);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"misses", required_argument, NULL, 'm'},
		{"forms", no_argument, NULL, 'f'},
		{"outcomes", required_argument, NULL, 'o'},
		{"messages", required_argument, NULL, 't'},
		{"bars", required_argument, NULL, 'b'},
		{"fixes", no_argument, NULL, 'x'},
		{"floor", no_argument, NULL, 'l'},
		{"other-groups", no_argument, NULL, 'g'},
		{NULL, 0, NULL, 0},
	};
	struct run run = {.misses_left = 40};
	double outcomes = 100, messages = 98, bars = 97;
	unsigned forms;
	char *text;
	bool good;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'm')
			run.misses_left = (unsigned)atoi(optarg);
		else if (c == 'f')
			run.want_forms = true;
		else if (c == 'o')
			outcomes = atof(optarg);
		else if (c == 't')
			messages = atof(optarg);
		else if (c == 'b')
			bars = atof(optarg);
		else if (c == 'x')
			run.want_fixes = true;
		else if (c == 'l')
			run.is_floor = true;
		else if (c == 'g')
			run.other_groups = true;
		else
			return 64;
	}
	if (argc - optind < 2)
		return 64;
	run.captures = argv[optind + 1];
	for (char *set = argc - optind > 2 ? strtok(argv[optind + 2], ",") : NULL;
	     set && run.n_sets < MAX_SETS; set = strtok(NULL, ","))
		run.sets[run.n_sets++] = set;
	if (iof_ctx_new(&run.ctx) || iof_report_new(run.ctx, &run.report))
		return 99;
	text = read_recorded(argv[optind]);
	all_cells(&run, text);
	free(text);
	forms = show_forms(&run);
	printf("cells %u; start right %u (%.2f %%); plug right %u of %u; messages right %u (%.2f "
	       "%%); forms right %u of "
	       "%zu; BARs right %u of %u; verdict not as defined %u\n",
	       run.cells, run.outcome_right, percent(run.outcome_right, run.cells), run.plug_right,
	       run.plugs, run.messages_right, percent(run.messages_right, run.cells), forms,
	       run.n_forms, run.bars_right, run.bars, run.definition_wrong);
	if (run.want_fixes)
		printf("failing %u; cured %u; no cure is due %u; left %u\n", run.failing, run.cured,
		       run.exempt, run.failing - run.cured - run.exempt);
	good = run.cells > 0 && percent(run.outcome_right, run.cells) >= outcomes &&
	       percent(run.messages_right, run.cells) >= messages &&
	       percent(run.bars_right, run.bars) >= bars && !run.definition_wrong &&
	       (run.is_floor || (run.plug_right == run.plugs && forms == run.n_forms)) &&
	       (!run.want_fixes || run.failing == run.cured + run.exempt);
	free_run(&run);
	return good ? 0 : 1;
}
