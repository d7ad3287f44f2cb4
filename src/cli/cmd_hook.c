/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd_hook.c - iommufit hook: called by libvirt or Proxmox VE before a VM starts. Only what fails
 * is blocked; what is unknown, late or an error is allowed. Standard output stays empty: what
 * libvirt reads there on a migration would replace the VM's XML.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"
#include "job.h"

#define MAX_CONFIG (4u << 20) /* bytes */
#define WATCHDOG 50	      /* milliseconds */

/* libvirt: GUEST OPERATION SUBOPERATION EXTRA. Proxmox VE: VMID PHASE. */
struct call {
	const char *guest;
	const char *operation;
	const char *suboperation; /* NULL: any */
};

/* The calls after which something starts. */
static const struct call libvirt_calls[] = {
	{NULL, "prepare", "begin"}, {NULL, "start", "begin"}, {NULL, "migrate", "begin"}};
static const struct call proxmox_calls[] = {{NULL, "pre-start", NULL}};

static bool is_judged(const struct call *call, const struct call *judged, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(call->operation, judged[i].operation) != 0)
			continue;
		if (!judged[i].suboperation || !call->suboperation ||
		    strcmp(call->suboperation, judged[i].suboperation) == 0)
			return true;
	}
	return false;
}

/* The XML comes on standard input. */
static int read_xml(struct tool *t, struct job *job)
{
	struct config *c = &job->config;
	int err = fd_read(STDIN_FILENO, MAX_CONFIG, &c->text, &c->length);

	c->name = "<stdin>";
	if (err)
		return tool_error(t, err, "<stdin>: %s",
				  err == -EFBIG ? "too large" : strerror(-err));
	if (c->text[strspn(c->text, " \t\r\n")] != '<')
		return tool_error(t, -EBADMSG, "<stdin>: no domain XML");
	return 0;
}

static int allow_error(struct tool *t, int err)
{
	const char *text = t->error;

	if (!text && t->ctx && *iof_ctx_error(t->ctx))
		text = iof_ctx_error(t->ctx);
	tool_note(t, "%s; the VM is allowed", text ? text : strerror(-err));
	return 0;
}

/* One line, for it is what virsh start and the task log show. */
static void tell_fault(struct tool *t, const struct call *call, struct job *job)
{
	const char *how = t->args.warn ? "warning: " : "";
	const struct iof_finding *finding;

	iof_report_finding_foreach(job->report, finding)
	{
		const char *message, *because;
		int length;

		if (iof_finding_severity(finding) != IOF_SEVERITY_ERROR)
			continue;
		message = iof_finding_message(job->report, finding);
		because = iof_finding_because(job->report, finding);
		message = message ? message : "";
		/* A sentence without its full stop, for the reason follows. */
		length = (int)strlen(message);
		length -= length && message[length - 1] == '.';
		tool_note(t, "%s%s: %.*s: %s (%s)", how, call->guest, length, message,
			  because ? because : "", iof_finding_rule(finding));
		return;
	}
	tool_note(t, "%s%s: would fail", how, call->guest);
}

static int judge(struct tool *t, const struct call *call, struct job *job)
{
	int err = t->args.proxmox ? 0 : read_xml(t, job);
	enum iof_verdict verdict;

	if (!err)
		err = job_open(t, job);
	if (!err)
		err = job_check(t, job, job->vm);
	if (err)
		return allow_error(t, err);
	verdict = iof_report_verdict(job->report);
	if (verdict == IOF_VERDICT_UNKNOWN)
		tool_note(t,
			  "%s: it cannot be told whether it fits (iommufit check says why); "
			  "the VM is allowed",
			  call->guest);
	if (verdict != IOF_VERDICT_FAILS)
		return 0;
	tell_fault(t, call, job);
	return t->args.warn ? 0 : EXIT_FAILS;
}

static const char *operand(const struct tool *t, size_t index)
{
	return index < t->args.operands.n ? t->args.operands.items[index] : NULL;
}

int cmd_hook(struct tool *t)
{
	const char *manager = operand(t, 0);
	bool is_proxmox = manager && strcmp(manager, "proxmox") == 0;
	const struct call call = {operand(t, 1), operand(t, 2), is_proxmox ? NULL : operand(t, 3)};
	struct job job = {.host = NULL};
	bool judged;
	int status;

	if (!is_proxmox && (!manager || strcmp(manager, "libvirt") != 0))
		return tool_fail(t, tool_error(t, -EINVAL, "hook: say libvirt or proxmox first"));
	t->args.json = false; /* standard output stays empty */
	if (!call.guest || !call.operation)
		return allow_error(t, tool_error(t, -EINVAL, "hook: arguments are missing"));
	judged = is_proxmox ? is_judged(&call, proxmox_calls, 1)
			    : is_judged(&call, libvirt_calls,
					sizeof(libvirt_calls) / sizeof(libvirt_calls[0]));
	if (!judged)
		return 0;
	guard_start(WATCHDOG, t->args.quiet);
	t->args.proxmox = is_proxmox ? call.guest : NULL;
	status = judge(t, &call, &job);
	guard_stop();
	job_close(&job);
	return status;
}
