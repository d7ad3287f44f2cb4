/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wrappings.c - each excerpt as programs, people and web pages pass it on, and broken at each
 * blank. What is told must be the same. */
#include "explain_tests.h"

enum spelling {
	PLAIN,
	NAMELESS, /* no VMM's name before it, without which some short messages do not count */
	JSON,
	JSON_TWICE,
	HTML,
	HTML_NUMBERS
};

#define SAID                                                                                       \
	"qemu-system-x86_64: -device vfio-pci,host=0000:01:00.0,id=hostdev0,bus=pci.4,addr=0x0: "
#define STAMP "2026-11-20T12:00:01.123456Z "

static const struct wrapping {
	const char *name, *before, *after;
	enum spelling spelling;
} wrappings[] = {
	{"QEMU", SAID, "\n", PLAIN},
	{"QEMU with its path", "/usr/bin/qemu-system-x86_64: ", "\n", PLAIN},
	{"kvm", "kvm: -device vfio-pci,host=01:00.0,id=hostpci0.0,bus=ich9-pcie-port-1: ", "\n",
	 PLAIN},
	{"qemu-kvm with a time",
	 STAMP "qemu-kvm: -device {\"driver\":\"vfio-pci\",\"host\":"
	       "\"0000:01:00.0\",\"id\":\"hostdev0\"}: ",
	 "\n", PLAIN},
	{"QEMU's monitor", "(qemu) device_add vfio-pci,host=01:00.0\nError: qemu: ", "\n(qemu) ",
	 PLAIN},
	{"QMP", "{\"error\": {\"class\": \"GenericError\", \"desc\": \"", "\"}}\n", JSON},
	{"libvirt",
	 "error: Failed to start domain 'win11'\nerror: internal error: QEMU unexpectedly "
	 "closed the monitor (vm='win11'): " STAMP SAID,
	 "\n\n", PLAIN},
	{"libvirt before 8.6",
	 "error: internal error: qemu unexpectedly closed the monitor: " STAMP SAID, "\n", PLAIN},
	{"libvirt before 4",
	 "error: internal error: process exited while connecting to monitor: "
	 "2016-11-20T12:00:01.123456Z qemu-system-x86_64: ",
	 "\n", PLAIN},
	{"libvirt's device_add",
	 "error: Failed to attach device from gpu.xml\nerror: internal error: unable to execute "
	 "QEMU "
	 "command 'device_add': ",
	 "\n", PLAIN},
	{"libvirt's log",
	 "2026-11-20 12:00:01.123+0000: 4711: error : "
	 "qemuProcessReportLogError:2056 : internal error: QEMU unexpectedly closed "
	 "the monitor (vm='x'): qemu-system-x86_64: ",
	 "\n2026-11-20 12:00:02.000+0000: shutting down, reason=failed\n", PLAIN},
	{"virt-manager",
	 "Error starting domain: internal error: QEMU unexpectedly closed the "
	 "monitor (vm='x'): " STAMP SAID,
	 "\n\nTraceback (most recent call last):\n  File \"/usr/share/virt-manager/virtManager/"
	 "asyncjob.py\", line 72, in cb_wrapper\n    callback(asyncjob, *args, **kwargs)\n",
	 PLAIN},
	{"task log", "kvm: ", "\nTASK ERROR: start failed: QEMU exited with code 1\n", PLAIN},
	{"task log in one line", "TASK ERROR: kvm: ", "\n", PLAIN},
	{"qm start", "root@pve:~# qm start 101\nkvm: ",
	 "\nstart failed: QEMU exited with code 1\nroot@pve:~# ", PLAIN},
	{"journal",
	 "Nov 20 12:00:01 pve kernel: e1000e: eth0 NIC Link is Up\nNov 20 12:00:01 pve "
	 "QEMU[4711]: kvm: ",
	 "\nNov 20 12:00:02 pve systemd[1]: 101.scope: Deactivated successfully.\n", PLAIN},
	{"journal, ISO times", "2026-11-20T12:00:01+0100 host libvirtd[4711]: qemu-kvm: ", "\n",
	 PLAIN},
	{"syslog of RFC 5424", "<13>1 2026-11-20T12:00:01.003Z host qemu 4711 - - kvm: ", "\n",
	 PLAIN},
	{"QEMU's time alone", "kvm: -device a: failed\n" STAMP, "\n", NAMELESS},
	{"dmesg", "[    0.012345] qemu: ", "\n[    0.012399] Memory: 32G\n", PLAIN},
	{"dmesg with threads", "[  12.000001][  T123] qemu: ", "\n", PLAIN},
	{"dmesg -T", "[Fri Nov 20 12:00:01 2026] qemu: ", "\n", PLAIN},
	{"virt-launcher",
	 "{\"component\":\"virt-launcher\",\"level\":\"error\",\"msg\":\"internal error: QEMU "
	 "unexpectedly closed the monitor (vm='default_vm'): " STAMP "qemu-kvm: ",
	 "\",\"pos\":\"qemuProcessReportLogError:2056\",\"subcomponent\":\"libvirt\","
	 "\"thread\":\"32\",\"timestamp\":\"2026-11-20T12:00:01.5Z\"}\n",
	 JSON},
	{"virt-launcher's event, quoted twice",
	 "server error. command SyncVMI failed: \\\"LibvirtError(Code=1, Domain=10, "
	 "Message='qemu-kvm: ",
	 "')\\\"\n", JSON_TWICE},
	{"journal as JSON", "{\"PRIORITY\":\"6\",\"MESSAGE\":\"kvm: ", "\",\"_PID\":\"1\"}\n",
	 JSON},
	{"colours", "\x1b[1;31mqemu-system-x86_64: ", "\x1b[0m\n", PLAIN},
	{"colours in rsyslog", "#033[31mkvm: ", "#033[0m\n", PLAIN},
	{"a terminal's title", "\x1b]0;root@host\x07kvm: ", "\x1b[K\n", PLAIN},
	{"HTML", "<pre><code>kvm: ", "</code></pre>\n", HTML},
	{"HTML with numbers", "<div class=\"log\">kvm: ", "</div>\n", HTML_NUMBERS},
	{"Markdown", "It says `kvm: ", "` and ends.\n", PLAIN},
	{"quoted mail", "> Hi,\n> > kvm: ", "\n> Bye\n", PLAIN},
	{"CRLF", "Line\r\nkvm: ", "\r\nLine\r\n", PLAIN},
	{"tabs", "\tkvm:\t", "\t\n", PLAIN},
	{"docker", "vm-1  | kvm: ", "\nvm-1  | bye\n", PLAIN},
	{"kubectl", "I1120 12:00:01.000000       1 log.go:12] kvm: ", "\n", PLAIN},
	{"no end of line", "kvm: ", "", PLAIN},
	{"UTF-8 with a mark", "\xef\xbb\xbfkvm: ", "\n", PLAIN},
};

static void spell(struct buf *out, const char *text, enum spelling spelling)
{
	for (; *text; text++) {
		if (spelling == JSON && strchr("\"\\", *text))
			buf_printf(out, "\\%c", *text);
		else if (spelling == JSON_TWICE && strchr("\"\\", *text))
			buf_printf(out, "\\\\\\%c", *text);
		else if (spelling == JSON && strchr("<>&", *text))
			buf_printf(out, "\\u%04x", (unsigned)*text); /* as Go's encoder does */
		else if (spelling == HTML && strchr("<>&\"", *text))
			buf_puts(out, *text == '<'   ? "&lt;"
				      : *text == '>' ? "&gt;"
				      : *text == '"' ? "&quot;"
						     : "&amp;");
		else if (spelling == HTML_NUMBERS && strchr("<>&\"'", *text))
			buf_printf(out, "&#%d;", *text);
		else
			buf_putc(out, *text);
	}
}

/* Whether the log says of the excerpt what must be said; a wrapping may put heads before it. */
static void compare(const struct excerpt *e, const char *log, size_t length, const char *name)
{
	struct iof_explain *x = read_log(log, length, false);
	char *actual = summary(x), *wanted = expected(e);

	if (!str_eq(actual, wanted))
		fail_msg("%s: %.*s\nis: %swants: %s", name, (int)length, log, actual, wanted);
	free(actual);
	free(wanted);
	iof_explain_unref(x);
}

static bool needs_name(const struct excerpt *e)
{
	struct iof_explain *x = read_log(e->name, strlen(e->name), false);
	bool is_known = iof_explained_next(x, NULL) != NULL;

	iof_explain_unref(x);
	return !is_known;
}

static void test_wrapped(void **state)
{
	const struct excerpt *e = *state;

	for (size_t i = 0; i < ARRAY_SIZE(wrappings); i++) {
		const struct wrapping *w = &wrappings[i];
		struct buf log = {0};

		if (w->spelling == NAMELESS && needs_name(e))
			continue;
		buf_puts(&log, w->before);
		spell(&log, e->name, w->spelling);
		buf_puts(&log, w->after);
		assert_int_equal(log.err, 0);
		compare(e, log.data, log.length, w->name);
		buf_free(&log);
	}
}

/* What stands at the beginning of the first line and of the next one. */
static const struct line_break {
	const char *name, *first, *next;
} breaks[] = {
	{"break", "kvm: ", "\n"},
	{"break with a blank", "kvm: ", " \n"},
	{"break and indentation", "  kvm: ", "\n    "},
	{"break and tab", "kvm: ", "\n\t"},
	{"CRLF", "kvm: ", "\r\n"},
	{"quote mark", "> kvm: ", "\n> "},
	{"two quote marks", ">> kvm: ", "\n>> "},
	{"parted quote marks", "> > kvm: ", "\n> > "},
	{"quote mark and indentation", ">   kvm: ", "\n>   "},
	{"escaped break", "\"kvm: ", "\\n"},
	{"syslog", "Nov 20 12:00:01 pve QEMU[4711]: kvm: ", "\nNov 20 12:00:01 pve QEMU[4711]: "},
	{"ISO time", "2026-11-20T12:00:01+0000 host qemu[1]: kvm: ",
	 "\n2026-11-20T12:00:01+0000 host qemu[1]: "},
	{"dmesg", "[   12.345678] kvm: ", "\n[   12.345679] "},
	{"colours", "kvm: \x1b[31m", "\x1b[0m\n\x1b[31m"},
};

static void test_broken(void **state)
{
	const struct excerpt *e = *state;

	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		const struct line_break *b = &breaks[i];

		for (const char *at = strchr(e->name, ' '); at; at = strchr(at + 1, ' ')) {
			struct buf log = {0};

			buf_puts(&log, b->first);
			buf_append(&log, e->name, (size_t)(at - e->name));
			buf_printf(&log, "%s%s\n", b->next, at + 1);
			assert_int_equal(log.err, 0);
			compare(e, log.data, log.length, b->name);
			buf_free(&log);
		}
	}
}

/* Every blank is a break, as in a narrow window. */
static void test_narrow(void **state)
{
	const struct excerpt *e = *state;
	struct buf log = {0};

	buf_puts(&log, "kvm: ");
	for (const char *c = e->name; *c; c++) {
		if (c[0] != ' ' || c[1] != ' ')
			buf_putc(&log, *c == ' ' ? '\n' : *c);
	}
	assert_int_equal(log.err, 0);
	compare(e, log.data, log.length, "narrow");
	buf_free(&log);
}

int wrappings_run(void)
{
	return for_excerpts("wrapped", test_wrapped) + for_excerpts("broken", test_broken) +
	       for_excerpts("narrow", test_narrow);
}
