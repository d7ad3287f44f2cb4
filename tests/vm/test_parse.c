// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include "vm/qemu_options.h"
#include "vm/words.h"
#include "vm_tests.h"

#define Q "qemu-system-x86_64 "

/* ---- what an argument says; messages as QEMU 7.2.22 printed them ---- */

static const struct {
	const char *name;
	const char *options;
	const char *expected;
} arguments[] = {
	{"machine", "-machine q35,accel=kvm", "machine(*type=q35,accel=kvm)"},
	{"machine, two dashes", "--M type=q35", "M(type=q35)"},
	{"machine, no comma escape in the implied value", "-M q35,,x=1",
	 "M(*type=q35,~=on,x=1)!Invalid parameter ''"},
	{"machine, comma in a value", "-M q35,x=a,,b", "M(*type=q35,x=a,b)"},
	{"machine, flag", "-M q35,usb", "M(*type=q35,~usb=on)!Expected '=' after parameter 'usb'"},
	{"machine, number as key", "-M q35,9x=1", "M(*type=q35,9x=1)!Invalid parameter '9x'"},
	{"machine, dotted", "-M q35,cxl-fmw.0.size=4G", "M(*type=q35,cxl-fmw.0.size=4G)"},
	{"machine, empty fragment", "-M q35,a..b=1",
	 "M(*type=q35,a..b=1)!Invalid parameter 'a..b'"},
	{"machine, vendor prefix", "-M q35,__x.y_z=1", "M(*type=q35,__x.y_z=1)"},
	{"machine, half a vendor prefix", "-M q35,_z=1",
	 "M(*type=q35,_z=1)!Invalid parameter '_z'"},
	{"machine, help", "-M help", "M(*type=help)"},
	{"machine, empty", "-M ''", "M()"},
	{"enable-kvm", "-enable-kvm", "enable-kvm(*~accel=kvm)"},
	{"accel", "-accel kvm,kernel-irqchip=split", "accel(*accel=kvm,kernel-irqchip=split)"},
	{"smp", "-smp 4,cores=2", "smp(*cpus=4,cores=2)"},
	{"smp, flag", "-smp 4,foo", "smp(*cpus=4,~foo=on)!Expected '=' after parameter 'foo'"},
	{"cpu", "-cpu host,phys-bits=39,+vmx,-svm,kvm=off,pmu",
	 "cpu(*model=host,phys-bits=39,~vmx=on,~svm=off,kvm=off,~pmu=on)"},
	{"cpu, empty items", "-cpu host,,,a=b,", "cpu(*model=host,a=b)"},
	{"cpu, empty", "-cpu ''", "cpu()!-cpu option cannot be empty"},
	{"memory", "-m 4G,slots=2,maxmem=8G", "m(*size=4G,slots=2,maxmem=8G)"},
	{"memory, hexadecimal and fraction", "-m size=0x1000 -m 1.5G",
	 "m(size=0x1000) m(*size=1.5G)"},
	{"memory, unknown key", "-m foo=1", "m(foo=1)!Invalid parameter 'foo'"},
	{"memory, no number of slots", "-m 1G,slots=x",
	 "m(*size=1G,slots=x)!Parameter 'slots' expects a number"},
	{"memory, just fits", "-m 15.9E,slots=18446744073709551615",
	 "m(*size=15.9E,slots=18446744073709551615)"},
	{"memory, too much", "-m 16E",
	 "m(*size=16E)!Value '16E' is out of range for parameter 'size'"},
	{"memory, too many digits", "-m 1G,maxmem=18446744073709551616",
	 "m(*size=1G,maxmem=18446744073709551616)!Value '18446744073709551616' is out of range for "
	 "parameter "
	 "'maxmem'"},
	{"memory, too many slots", "-m 1G,slots=18446744073709551616",
	 "m(*size=1G,slots=18446744073709551616)!Value '18446744073709551616' is too large for "
	 "parameter 'slots'"},
	{"memory, no size", "-m 4x",
	 "m(*size=4x)!Parameter 'size' expects a non-negative number below 2^64\nOptional suffix "
	 "k, M, G, T, P or E "
	 "means kilo-, mega-, giga-, tera-, peta-\nand exabytes, respectively."},
	{"device", "-device vfio-pci,host=01:00.0,id=d",
	 "device(*driver=vfio-pci,host=01:00.0,id=d)"},
	{"device, comma in a value", "-device x,serial=a,,b,,,,c,id=d",
	 "device(*driver=x,serial=a,b,,c,id=d)"},
	{"device, comma in the driver", "-device x,,y,a=b", "device(*driver=x,y,a=b)"},
	{"device, key first", "-device id=d,driver=x", "device(id=d,driver=x)"},
	{"device, flags", "-device x,foo,nobar",
	 "device(*driver=x,~foo=on,~bar=off)^warning: short-form boolean option 'foo' "
	 "deprecated\nPlease use foo=on "
	 "instead\nwarning: short-form boolean option 'nobar' deprecated\nPlease use bar=off "
	 "instead"},
	{"device, delay", "-device x,nodelay",
	 "device(*driver=x,~delay=off)^warning: short-form boolean option 'nodelay' "
	 "deprecated\nPlease use nodelay=on "
	 "instead"},
	{"device, trailing comma", "-device x,", "device(*driver=x)"},
	{"device, help", "-device x,help", "device(*driver=x,~help=on)"},
	{"device, bad id", "-device x,id=1a",
	 "device(*driver=x,id=1a)!Parameter 'id' expects an identifier\nIdentifiers consist of "
	 "letters, digits, '-', "
	 "'.', '_', starting with a letter."},
	{"device, same id", "-device x,id=a -device y,id=a",
	 "device(*driver=x,id=a) device(*driver=y,id=a)!Duplicate ID 'a' for device"},
	{"device and object may share an id", "-device x,id=a -object y,id=a",
	 "device(*driver=x,id=a) object(*qom-type=y,id=a)"},
	{"object", "-object iommufd,id=i", "object(*qom-type=iommufd,id=i)"},
	{"object without type", "-object id=a", "object(id=a)!Parameter 'qom-type' is missing"},
	{"global", "-global intel-iommu.aw-bits=39",
	 "global(*driver=intel-iommu,*property=aw-bits,*value=39)"},
	{"global, comma stays", "-global a.b=c,d", "global(*driver=a,*property=b,*value=c,d)"},
	{"global, long form", "-global driver=a.x,property=b,value=c,,d",
	 "global(driver=a.x,property=b,value=c,d)"},
	{"global, incomplete", "-global driver=a,property=b",
	 "global(driver=a,property=b)!options 'driver', 'property', and 'value' are required"},
	{"global, unknown key", "-global foo=1", "global(foo=1)!Invalid parameter 'foo'"},
	{"set", "-device x,id=d -set device.d.a=1,2",
	 "device(*driver=x,id=d,a=1,2) set(*group=device,*id=d,*key=a,*value=1,2)"},
	{"set before its device", "-set device.d.a=1 -device x,id=d",
	 "set(*group=device,*id=d,*key=a,*value=1)!there is no device \"d\" defined "
	 "device(*driver=x,id=d)"},
	{"set, unknown group", "-set foo.d.a=1",
	 "set(*group=foo,*id=d,*key=a,*value=1)!There is no option group 'foo'"},
	{"set, machine", "-set machine.d.a=1",
	 "set(*group=machine,*id=d,*key=a,*value=1)!-set is not supported with machine"},
	{"set, malformed", "-set foo", "set(foo)!can't parse: \"foo\""},
	{"set does not reach JSON", "-device '{\"driver\":\"x\",\"id\":\"d\"}' -set device.d.a=1",
	 "device{driver=x:s,id=d:s} set(*group=device,*id=d,*key=a,*value=1)!there is no device "
	 "\"d\" defined"},
	{"drive", "-drive if=pflash,file=a,format=raw", "drive(if=pflash,file=a,format=raw)"},
	{"pflash", "-pflash a,b=c", "pflash(*~if=pflash,*file=a,b=c)"},
	{"fw_cfg", "-fw_cfg opt/ovmf/X-PciMmio64Mb,string=65536",
	 "fw_cfg(*name=opt/ovmf/X-PciMmio64Mb,string=65536)"},
	{"fw_cfg, unknown key", "-fw_cfg x,foo=1", "fw_cfg(*name=x,foo=1)!Invalid parameter 'foo'"},
	{"bios, kernel, net", "-bios a,b -kernel k -nic none -net user",
	 "bios(a,b) kernel(k) nic(none) net(user)"},
	{"no arguments", "-nodefaults -nographic -S", "nodefaults() nographic() S()"},
	{"unknown option takes what is no option", "-foo bar -baz -m 1G",
	 "foo(bar) baz() m(*size=1G)"},
	{"disk image", "a.img -m 1G", "(a.img) m(*size=1G)"},
	{"missing argument", "-m 1G -device", "m(*size=1G) device()!requires an argument"},
	{"a dash alone", "-m 1G -", "m(*size=1G) ()!invalid option"},
	{"readconfig that nobody opens", "-readconfig a.cfg", "readconfig(a.cfg)unread"},
	/* JSON */
	{"JSON",
	 "-device "
	 "'{\"driver\":\"intel-iommu\",\"aw-bits\":39,\"caching-mode\":true,\"a\":null,\"b\":[1,{}]"
	 "}'",
	 "device{driver=intel-iommu:s,aw-bits=39:n,caching-mode=on:b,a=null:o,b=[1,{}]:o}"},
	{"JSON, single quotes", "-device \"{'driver':'x'}\"", "device{driver=x:s}"},
	{"JSON, escapes", "-device '{\"driver\":\"a\\\"\\u0041\\u00e9\\ud83d\\ude00\\n\"}'",
	 "device{driver=a\"A\xc3\xa9\xf0\x9f\x98\x80\n:s}"},
	{"JSON, object", "-object '{\"qom-type\":\"iommufd\",\"id\":\"i\"}'",
	 "object{qom-type=iommufd:s,id=i:s}"},
	{"JSON, object without type", "-object '{\"id\":\"i\"}'",
	 "object{id=i:s}!Parameter 'qom-type' is missing"},
	{"JSON, open", "-device '{\"driver\":'", "device{}!JSON parse error, premature EOI"},
	{"JSON, no value", "-device '{\"driver\":}'", "device{}!JSON parse error, expecting value"},
	{"JSON, no comma", "-device '{\"a\":1 \"b\":2}'",
	 "device{}!JSON parse error, expected separator in dict"},
	{"JSON, no comma in list", "-device '{\"a\":[1 2]}'",
	 "device{}!JSON parse error, expected separator in list"},
	{"JSON, no colon", "-device '{\"a\" 1}'",
	 "device{}!JSON parse error, missing : in object pair"},
	{"JSON, bare key", "-device '{driver:\"x\"}'",
	 "device{}!JSON parse error, invalid keyword 'driver'"},
	{"JSON, number as key", "-device '{1:2}'",
	 "device{}!JSON parse error, key is not a string in object"},
	{"JSON, open string", "-device '{\"driver\":\"e1000'",
	 "device{}!JSON parse error, stray '\"e1000'"},
	{"JSON, two values", "-device '{\"a\":1}}'", "device{}!Expecting at most one JSON value"},
	{"JSON, same key", "-device '{\"a\":1,\"a\":2}'",
	 "device{}!JSON parse error, duplicate key"},
	{"JSON, bad escape", "-device '{\"a\":\"\\q\"}'",
	 "device{}!JSON parse error, invalid escape sequence in string"},
	{"JSON, bad character", "-device '{\"a\":\"\\u12\"}'",
	 "device{}!JSON parse error, \\u12\" is not a valid Unicode character"},
	{"JSON, zero first", "-device '{\"a\":01}'", "device{}!JSON parse error, stray '01'"},
	{"JSON, point without digits", "-device '{\"a\":1.}'",
	 "device{}!JSON parse error, stray '1.}'"},
	{"JSON, stray", "-device '{\"a\":#}'", "device{}!JSON parse error, stray '#'"},
};

static void test_arguments(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++) {
		struct buf text = {0};
		struct iof_vm *vm;
		char *got;

		buf_printf(&text, Q "%s\n", arguments[i].options);
		vm = must_load(text.data, text.length);
		got = describe(vm);
		if (!str_eq(got, arguments[i].expected))
			fail_msg("%s:\n%s\n%s", arguments[i].name, got, arguments[i].expected);
		free(got);
		iof_vm_unref(vm);
		buf_free(&text);
	}
}

/* ---- how people write a command line ---- */

#define M "m(*size=1G)"
#define MD "M(*type=q35) device(*driver=x)"

static const struct {
	const char *name;
	const char *text;
	const char *program;
	const char *expected;
} texts[] = {
	{"one line", Q "-m 1G", "qemu-system-x86_64", M},
	{"no newline at the end, blanks", "  " Q "  -m\t1G  ", "qemu-system-x86_64", M},
	{"continued lines", Q "\\\n  -M q35 \\\n  -device x\n", "qemu-system-x86_64", MD},
	{"continued lines, carriage returns", Q "\\\r\n  -M q35 \\\r\n  -device x\r\n",
	 "qemu-system-x86_64", MD},
	{"blanks behind the backslash", Q "\\  \n  -M q35 \\\t\n  -device x\n",
	 "qemu-system-x86_64", MD},
	{"lines without backslashes", Q "\n  -M q35\n\n  -device x\necho done -m 2G\n",
	 "qemu-system-x86_64", MD},
	{"comments", "# -m 2G\n" Q "-M q35 \\\n # it's a comment\n -device x # another\n",
	 "qemu-system-x86_64", MD},
	{"no comment inside a word", Q "-M q35#x", "qemu-system-x86_64", "M(*type=q35#x)"},
	{"quotes", Q "-M 'q35' -device \"x\"", "qemu-system-x86_64", MD},
	{"quotes in a word", Q "-M q'3'\"5\" -de'vice' x", "qemu-system-x86_64", MD},
	{"escapes", Q "-M q\\35 -device \\x", "qemu-system-x86_64", MD},
	{"escapes in double quotes", Q "-bios \"a\\\"b\\$c\\d\"", "qemu-system-x86_64",
	 "bios(a\"b$c\\d)"},
	{"quote in single quotes", Q "-bios 'a'\\''b'", "qemu-system-x86_64", "bios(a'b)"},
	{"ANSI quotes", Q "-bios $'a\\tb\\'c'", "qemu-system-x86_64", "bios(a\tb'c)"},
	{"translated quotes", Q "-bios $\"a\"", "qemu-system-x86_64", "bios(a)"},
	{"continued inside a word", Q "-M q3\\\n5 -dev\\\nice \"\\\nx\"", "qemu-system-x86_64", MD},
	{"prompt", "$ " Q "-m 1G", "qemu-system-x86_64", M},
	{"prompt with a name", "me@host:~$ " Q "-m 1G", "qemu-system-x86_64", M},
	{"sudo, variables before it", "A=1 sudo -E B='2 3' ./qemu-system-x86_64 -m 1G",
	 "./qemu-system-x86_64", M},
	{"exec", "#!/bin/sh\nset -e\nexec /usr/bin/" Q "-m 1G \"$@\"\n",
	 "/usr/bin/qemu-system-x86_64", M " ($@)?"},
	{"wrappers with arguments", "timeout 10 taskset -c 0-3 " Q "-m 1G", "qemu-system-x86_64",
	 M},
	{"user named as the program", "sudo -u kvm " Q "-M q35 -device x", "qemu-system-x86_64",
	 MD},
	{"kvm", "/usr/bin/kvm -id 100 -m 1G", "/usr/bin/kvm", "id(100) " M},
	{"qemu-kvm", "/usr/libexec/qemu-kvm -m 1G", "/usr/libexec/qemu-kvm", M},
	{"a program of another name", "./my-vmm -M q35 -device x", "./my-vmm", MD},
	{"a program in a variable", "QEMU=qemu-system-x86_64\n$QEMU -M q35 -device x\n", "$QEMU",
	 MD},
	{"other commands first",
	 "apt install qemu-system-x86 -y\nqemu-img create a 1G\nqemu-system-x86_64 --version\n"
	 "if [ -x /usr/bin/qemu-system-x86_64 ]; then echo 'x'; fi\n" Q "-m 1G",
	 "qemu-system-x86_64", M},
	{"only the first command", Q "-m 1G\n" Q "-m 2G\n", "qemu-system-x86_64", M},
	{"later errors do not matter", Q "-m 1G\necho it's\n", "qemu-system-x86_64", M},
	{"separators", Q "-m 1G; echo -m 2G", "qemu-system-x86_64", M},
	{"in a pipe and in brackets", "(cd /x && " Q "-m 1G | tee log)", "qemu-system-x86_64", M},
	{"redirections", Q "2>&1 -M q35 >log 2> err </dev/null -device x &> z <(echo -m 3G) &",
	 "qemu-system-x86_64", MD},
	{"here-document", "cat <<EOF\nit's -m 2G\nEOF\n" Q "-m 1G", "qemu-system-x86_64", M},
	{"here-document with tabs", "cat <<-'E'\n\"\n\tE\n" Q "-m 1G", "qemu-system-x86_64", M},
	{"options only", "-M q35 \\\n-device x\n", NULL, MD},
	{"an array", "args=(\n  -M q35 # type\n  -device x\n)\n", NULL, MD},
	{"variables",
	 Q "-device vfio-pci,host=$BDF,id=a -m ${MEM:-1G} -cpu \"$CPU,x=`y`\" $(more x, y)",
	 "qemu-system-x86_64",
	 "device(*driver=vfio-pci,host=$BDF?,id=a)? m(*size=${MEM:-1G}?)? "
	 "cpu(*model=$CPU?,x=`y`?)? ($(more x, y))?"},
	{"a dollar alone", Q "-bios a$ -kernel 'b$c'", "qemu-system-x86_64",
	 "bios(a$) kernel(b$c)"},
	{"not certain with a variable", Q "-m ${MEM}x -M q35,$X -device x,$Y", "qemu-system-x86_64",
	 "m(*size=${MEM}x?)? M(*type=q35,~$X=on?)? device(*driver=x,~$Y=on?)?"},
	{"comma inside a variable", Q "-device x,a=${B:-c,d=e},f=g", "qemu-system-x86_64",
	 "device(*driver=x,a=${B:-c,d=e}?,f=g)?"},
	{"JSON whose quotes were lost", Q "-device {\"driver\":\"x y\",\"a\":[1]} -m 1G",
	 "qemu-system-x86_64", "device{driver=x y:s,a=[1]:o} " M},
	{"JSON over lines", Q "-device '{\n \"driver\": \"x\"\n}'", "qemu-system-x86_64",
	 "device{driver=x:s}"},
	{"libvirt log, the last start",
	 "2026-01-01 00:00:00.000+0000: starting up libvirt version: 11.3.0, qemu version: "
	 "10.0.2\nLC_ALL=C \\\n"
	 "/usr/bin/qemu-system-x86_64 \\\n-m 2G\nit's going\n2026-01-01 00:00:01.000+0000: "
	 "shutting down, "
	 "reason=destroyed\n2026-01-02 00:00:00.000+0000: starting up libvirt version: 11.3.0, "
	 "qemu version: 10.0.2\n"
	 "LC_ALL=C \\\nPATH=/bin:/sbin \\\nXDG_DATA_HOME='/var/lib/a b' "
	 "\\\n/usr/bin/qemu-system-x86_64 \\\n-M q35 \\\n"
	 "-device '{\"driver\":\"x\"}'\n2026-01-02T00:00:00Z qemu-system-x86_64: can't\n",
	 "/usr/bin/qemu-system-x86_64", "M(*type=q35) device{driver=x:s}"},
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct iof_vm *vm = must_load(texts[i].text, strlen(texts[i].text));
		char *got = describe(vm);

		if (!str_eq(got, texts[i].expected))
			fail_msg("%s:\n%s\n%s", texts[i].name, got, texts[i].expected);
		if (texts[i].program)
			assert_string_equal(iof_vm_program(vm), texts[i].program);
		else
			assert_null(iof_vm_program(vm));
		assert_string_equal(iof_vm_name(vm), "t");
		free(got);
		iof_vm_unref(vm);
	}
}

/* ---- places ---- */

static void test_places(void **state)
{
	static const char text[] =
		"# x\n" Q "\\\n  -device 'vfio-pci',ho\"st=01:0\"0.0 -m 1G \\\n -device "
		"'{\n \"driver\": \"x\"}'\n";
	static const char device[] = "-device 'vfio-pci',ho\"st=01:0\"0.0";
	struct iof_vm *vm = must_load(text, sizeof(text) - 1);
	const struct pair *host = option_pair(&vm->options[0], "host");
	const struct pair *driver = option_pair(&vm->options[2], "driver");

	(void)state;
	assert_int_equal(vm->options[0].at.line, 3);
	assert_int_equal(vm->options[0].at.column, 3);
	assert_memory_equal(text + vm->options[0].at.offset, device, sizeof(device) - 1);
	assert_int_equal(vm->options[0].at.length, sizeof(device) - 1);
	assert_int_equal(host->at.length, strlen("01:0\"0.0"));
	assert_memory_equal(text + host->at.offset, "01:0\"0.0", host->at.length);
	assert_int_equal(host->at.line, 3);
	assert_int_equal(host->at.arg, 2);
	assert_string_equal(vm->args[2], "vfio-pci,host=01:00.0");
	assert_memory_equal(text + driver->at.offset, "\"x\"", driver->at.length);
	assert_int_equal(driver->at.line, 5);
	assert_int_equal(driver->at.column, 12);
	iof_vm_unref(vm);
}

/* ---- /proc/PID/cmdline ---- */

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *name;
	const char *bytes;
	size_t length;
	const char *expected;
} cmdlines[] = {
	{"as the kernel shows it", BYTES("/usr/bin/qemu-system-x86_64\0-M\0q35\0-device\0x\0"), MD},
	{"last NUL cut off", BYTES("qemu-system-x86_64\0-M\0q35\0-device\0x"), MD},
	{"nothing is quoted", BYTES("qemu-system-x86_64\0-bios\0a 'b\" $c\\\0"),
	 "bios(a 'b\" $c\\)"},
	{"empty argument", BYTES("qemu-system-x86_64\0-bios\0\0-m\0001G\0"), "bios() " M},
	{"empty argument last", BYTES("qemu-system-x86_64\0-bios\0\0"), "bios()"},
};

static void test_cmdlines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cmdlines); i++) {
		struct iof_vm *vm = must_load(cmdlines[i].bytes, cmdlines[i].length);
		char *got = describe(vm);

		if (!str_eq(got, cmdlines[i].expected))
			fail_msg("%s:\n%s\n%s", cmdlines[i].name, got, cmdlines[i].expected);
		free(got);
		iof_vm_unref(vm);
	}
}

/* ---- bad input: one line with file and line ---- */

static const struct {
	const char *name;
	const char *bytes;
	size_t length;
	const char *error;
} bad[] = {
	{"empty", BYTES(""), "t:1: empty"},
	{"blanks", BYTES(" \n\n"), "t:1: no QEMU command line in it"},
	{"XML", BYTES("<domain type='kvm'>\n<name>x</name></domain>\n"),
	 "t:1: no QEMU command line in it"},
	{"another program", BYTES("ls -l\necho device\n"), "t:1: no QEMU command line in it"},
	{"open single quote", BYTES("\n" Q "-m '1G\n-bios x\n"), "t:2: unbalanced quote '"},
	{"open double quote", BYTES(Q "\\\n-m \"1G\n"), "t:2: unbalanced quote \""},
	{"open ANSI quote", BYTES(Q "-m $'1G\n"), "t:1: unbalanced quote $'"},
	{"open bracket", BYTES(Q "-m ${X\n"), "t:1: unbalanced bracket after $"},
	{"open backquote", BYTES(Q "-m `x\n"), "t:1: unbalanced backquote"},
	{"open redirection", BYTES(Q "-m 1G <(x\n"), "t:1: unbalanced bracket"},
	{"NUL in a text", BYTES(Q "-m 1G\0 -device x\n"),
	 "t:1: neither text nor the NUL-separated arguments of QEMU"},
	{"binary", BYTES("\177ELF\2\1\1\0\0\0"),
	 "t:1: neither text nor the NUL-separated arguments of QEMU"},
	{"NULs", BYTES("\0\0\0"), "t:1: neither text nor the NUL-separated arguments of QEMU"},
	{"arguments of another program", BYTES("bash\0-c\0x\0"),
	 "t:1: neither text nor the NUL-separated arguments of QEMU"},
};

static void check_bad(struct iof_ctx *ctx, const char *bytes, size_t length, const char *name,
		      const char *error)
{
	struct iof_vm *vm = NULL;
	int ret = iof_vm_load(ctx, IOF_LANGUAGE_QEMU_ARGV, bytes, length, "t", &vm);

	if (ret != -EBADMSG || vm || !str_eq(iof_ctx_error(ctx), error))
		fail_msg("%s: %d %s", name, ret, iof_ctx_error(ctx));
}

static void test_bad(void **state)
{
	struct iof_ctx *ctx;
	struct buf text = {0};

	(void)state;
	assert_int_equal(iof_ctx_new(&ctx), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_bad(ctx, bad[i].bytes, bad[i].length, bad[i].name, bad[i].error);

	buf_puts(&text, Q);
	for (size_t i = 0; i < MAX_WORDS; i++)
		buf_puts(&text, "-S ");
	check_bad(ctx, text.data, text.length, "words", "t:1: more than 16384 words");
	while (text.length <= MAX_SOURCE)
		buf_puts(&text, "                                ");
	check_bad(ctx, text.data, text.length, "size", "t:1: larger than 1 MiB");
	text.length = 0;
	buf_puts(&text, Q "\\\n-device '{\"a\":");
	for (size_t i = 0; i < 32; i++)
		buf_puts(&text, "[");
	for (size_t i = 0; i < 32; i++)
		buf_puts(&text, "]");
	buf_puts(&text, "}'");
	check_bad(ctx, text.data, text.length, "depth",
		  "t:2: more than 1024 pairs in an option, or JSON deeper than 32");
	text.length = 0;
	buf_puts(&text, Q "-device x");
	for (size_t i = 0; i < 1024; i++)
		buf_puts(&text, ",a=1");
	check_bad(ctx, text.data, text.length, "pairs",
		  "t:1: more than 1024 pairs in an option, or JSON deeper than 32");
	buf_free(&text);
	iof_ctx_unref(ctx);
}

/* ---- the rest of the interface ---- */

static void test_lists(void **state)
{
	static const char text[] =
		Q "-spice x -device vfio-pci,host=01:00.0 -device vfio-pci-nohotplug,sysfsdev="
		  "/sys/bus/pci/devices/0000:02:00.0 -device vfio-pci,sysfsdev=/sys/bus/mdev/x "
		  "-device "
		  "vfio-pci,fd=3 -device vfio-pci,host=$X -device e1000,host=3 -foo -readconfig c";
	struct iof_vm *vm = must_load(text, sizeof(text) - 1);

	(void)state;
	assert_string_equal(iof_vm_assigned(vm, 0), "01:00.0");
	assert_string_equal(iof_vm_assigned(vm, 1), "0000:02:00.0");
	assert_null(iof_vm_assigned(vm, 2));
	assert_string_equal(iof_vm_ignored(vm, 0), "-spice");
	assert_string_equal(iof_vm_ignored(vm, 1), "-foo");
	assert_string_equal(iof_vm_ignored(vm, 2), "-readconfig");
	assert_null(iof_vm_ignored(vm, 3));
	assert_ptr_equal(vm_option_nth(vm, OPTION_DEVICE, 1), &vm->options[2]);
	assert_null(vm_option_nth(vm, OPTION_DEVICE, 7));
	assert_ptr_equal(iof_vm_ref(vm), vm);
	iof_vm_unref(vm);
	iof_vm_unref(vm);
}

static void test_built(void **state)
{
	static const char *const properties[] = {"host", "01:00.0", "id", "d0", "x", "a,b", NULL};
	static const char *const odd[] = {"a=b", "1", NULL};
	struct iof_ctx *ctx;
	struct iof_vm *vm;
	char *got;

	(void)state;
	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_equal(iof_vm_new(ctx, "q35", &vm), 0);
	assert_int_equal(iof_vm_device_add(ctx, vm, "vfio-pci", properties), 0);
	assert_int_equal(iof_vm_property_set(ctx, vm, "machine", "kernel-irqchip", "split"), 0);
	assert_int_equal(iof_vm_property_set(ctx, vm, "cpu", "phys-bits", "39"), -ENOENT);
	assert_int_equal(iof_vm_property_set(ctx, vm, "cpu", "model", "host"), 0);
	assert_int_equal(iof_vm_property_set(ctx, vm, "cpu", "phys-bits", "39"), 0);
	assert_int_equal(iof_vm_property_set(ctx, vm, "m", "size", "4G"), 0);
	assert_int_equal(iof_vm_property_set(ctx, vm, "d0", "bus", "rp0"), 0);
	assert_int_equal(iof_vm_property_set(ctx, vm, "d0", "host", "02:00.0"), 0);
	assert_int_equal(iof_vm_property_set(ctx, vm, "d1", "host", "02:00.0"), -ENOENT);
	assert_int_equal(iof_vm_device_add(ctx, vm, "x", odd), -EINVAL);
	assert_int_equal(iof_vm_device_add(ctx, vm, "", NULL), -EINVAL);
	assert_int_equal(iof_vm_device_add(ctx, vm, "a=b", NULL), 0);
	got = describe(vm);
	assert_string_equal(got,
			    "machine(type=q35,kernel-irqchip=split) "
			    "device(*driver=vfio-pci,host=02:00.0,id=d0,x=a,b,"
			    "bus=rp0) cpu(*model=host,phys-bits=39) m(size=4G) device(driver=a=b)");
	assert_string_equal(iof_vm_assigned(vm, 0), "02:00.0");
	assert_null(iof_vm_program(vm));
	free(got);
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
}

static void test_device_parse(void **state)
{
	struct arena *arena = arena_new(4096);
	struct vm_option option;
	struct buf out = {0};

	(void)state;
	assert_int_equal(device_parse(NULL, arena, "vfio-pci,host=01:00.0", &option), 0);
	describe_option(&out, &option);
	assert_int_equal(device_parse(NULL, arena, "{\"driver\":\"x\"}", &option), 0);
	describe_option(&out, &option);
	assert_int_equal(device_parse(NULL, arena, "-x", &option), 0);
	describe_option(&out, &option);
	assert_string_equal(
		out.data,
		"device(*driver=vfio-pci,host=01:00.0)device{driver=x:s}device(*driver=-x)");
	buf_free(&out);
	arena_free(arena);
}

static void test_argv(void **state)
{
	static const char *const argv[] = {"qemu-system-x86_64", "-M", "q35", "-device", "x"};
	struct iof_ctx *ctx;
	struct iof_vm *vm;
	char *got;

	(void)state;
	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_equal(iof_vm_load_argv(ctx, argv, ARRAY_SIZE(argv), "argv", &vm), 0);
	got = describe(vm);
	assert_string_equal(got, MD);
	assert_int_equal(option_pair(&vm->options[1], "driver")->at.arg, 4);
	free(got);
	iof_vm_unref(vm);
	assert_int_equal(iof_vm_load_argv(ctx, argv, 0, "argv", &vm), -EBADMSG);
	assert_string_equal(iof_ctx_error(ctx), "argv: no program");
	iof_ctx_unref(ctx);
}

static void test_table_is_sorted(void **state)
{
	(void)state;
	for (size_t i = 1; option_info_at(i); i++)
		assert_true(strcmp(option_info_at(i - 1)->name, option_info_at(i)->name) < 0);
	assert_non_null(option_info("xen-domid"));
	assert_null(option_info("nosuch"));
}

int test_parse(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_texts),
		cmocka_unit_test(test_places),	  cmocka_unit_test(test_cmdlines),
		cmocka_unit_test(test_bad),	  cmocka_unit_test(test_lists),
		cmocka_unit_test(test_built),	  cmocka_unit_test(test_device_parse),
		cmocka_unit_test(test_argv),	  cmocka_unit_test(test_table_is_sorted),
	};

	return cmocka_run_group_tests_name("vm parse", tests, NULL, NULL);
}
