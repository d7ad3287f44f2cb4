// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * firmware.c - <os firmware=>, <loader> and <nvram> to flash and its files. Which image
 * firmware='efi' means is decided by descriptors in /usr/share/qemu/firmware of the machine where
 * the VM runs (docs/interop/firmware.json of QEMU).
 */
#include "base/json.h"
#include "vm/libvirt/say.h"

/* In the order in which libvirt tries them: by name. Debian's, Fedora's, edk2's own. */
static const char *const descriptors[] = {
	"30-edk2-ovmf-4m-qcow2-x64-sb-enrolled.json",
	"30-edk2-ovmf-x64-sb-enrolled.json",
	"31-edk2-ovmf-2m-raw-x64-sb-enrolled.json",
	"40-edk2-ovmf-4m-qcow2-x64-sb.json",
	"40-edk2-ovmf-x64-sb.json",
	"40-edk2-x86_64-secure-enrolled.json",
	"41-edk2-ovmf-2m-raw-x64-sb.json",
	"50-edk2-aarch64-qcow2.json",
	"50-edk2-ovmf-4m-qcow2-x64-nosb.json",
	"50-edk2-ovmf-x64-nosb.json",
	"50-edk2-riscv-qcow2.json",
	"50-edk2-x86_64-secure.json",
	"51-edk2-aarch64-raw.json",
	"51-edk2-ovmf-2m-raw-x64-nosb.json",
	"60-edk2-aarch64.json",
	"60-edk2-riscv64.json",
	"60-edk2-x86_64.json",
};

static const struct {
	const char *arch, *code;
} assumed[] = {
	{"x86_64", "/usr/share/OVMF/OVMF_CODE_4M.fd"},
	{"i686", "/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd"},
	{"aarch64", "/usr/share/AAVMF/AAVMF_CODE.fd"},
	{"riscv64", "/usr/share/qemu-efi-riscv64/RISCV_VIRT_CODE.fd"},
};

static const struct xml_node *loader(const struct lv_domain *d)
{
	return xml_path(d->root, "os/loader");
}

static bool is_auto(const struct lv_domain *d, const char *kind)
{
	const char *firmware = xml_value(xml_child(d->root, "os"), "firmware");

	return firmware && str_eq(firmware, kind);
}

static bool is_flash(const struct lv_domain *d)
{
	const char *type = xml_value(loader(d), "type");

	return type && str_eq(type, "pflash");
}

bool lv_has_uefi(const struct lv_domain *d)
{
	return is_auto(d, "efi") || is_flash(d);
}

/* ---- descriptors ---- */

/* "pc-q35-*" matches "q35" too: libvirt compares with the type behind the alias. */
static bool is_target(const struct json_value *target, const struct lv_domain *d)
{
	const struct json_value *arch = json_member(target, "architecture");
	const struct json_value *machines = json_member(target, "machines");
	const char *family = d->board == LV_Q35	     ? "pc-q35-"
			     : d->board == LV_I440FX ? "pc-i440fx-"
						     : "virt-";

	if (!arch || arch->type != JSON_STRING || !str_eq(arch->text, d->arch) || !machines)
		return false;
	for (size_t i = 0; i < machines->n; i++) {
		const struct json_value *m = &machines->items[i];

		if (m->type == JSON_STRING && str_starts(m->text, family))
			return true;
	}
	return false;
}

static bool has_feature(const struct json_value *descriptor, const char *name)
{
	const struct json_value *features = json_member(descriptor, "features");

	for (size_t i = 0; features && i < features->n; i++) {
		if (features->items[i].type == JSON_STRING && str_eq(features->items[i].text, name))
			return true;
	}
	return false;
}

/* <firmware><feature enabled='no' name='secure-boot'/>: 1 wanted, 0 not wanted, -1 either */
static int wants_feature(const struct lv_domain *d, const char *name)
{
	const struct xml_node *list = xml_path(d->root, "os/firmware");

	for (const struct xml_node *f = list ? xml_child(list, "feature") : NULL; f;
	     f = xml_sibling(f)) {
		const char *feature = xml_value(f, "name"), *enabled = xml_value(f, "enabled");

		if (feature && enabled && str_eq(feature, name))
			return str_eq(enabled, "yes");
	}
	return -1;
}

static bool fits(const struct json_value *descriptor, const struct lv_domain *d)
{
	static const char *const features[] = {"secure-boot", "enrolled-keys"};
	const struct json_value *targets = json_member(descriptor, "targets");
	const char *smm = xml_value(xml_path(d->root, "features/smm"), "state");
	bool is_found = false;

	for (size_t i = 0; targets && i < targets->n; i++)
		is_found = is_found || is_target(&targets->items[i], d);
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		int wanted = wants_feature(d, features[i]);

		if (wanted >= 0 && wanted != has_feature(descriptor, features[i]))
			return false;
	}
	return is_found && !(has_feature(descriptor, "requires-smm") && smm && str_eq(smm, "off"));
}

static const char *image_of(struct lv_domain *d, const struct config_file *file)
{
	const struct json_value *value;
	struct json_value descriptor;
	struct json_error error;

	if (json_parse(d->t->vm->arena, file->bytes, file->length, &descriptor, &error) != 0 ||
	    !fits(&descriptor, d))
		return NULL;
	value = json_member(&descriptor, "mapping");
	value = value ? json_member(value, "executable") : NULL;
	value = value ? json_member(value, "filename") : NULL;
	return value && value->type == JSON_STRING ? value->text : NULL;
}

static const char *auto_image(struct lv_domain *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(descriptors) && !d->t->err; i++) {
		const struct config_file *file = translation_file(
			d->t, lv_printf(d, "/usr/share/qemu/firmware/%s", descriptors[i]));
		const char *image = file ? image_of(d, file) : NULL;

		if (image)
			return image;
	}
	for (size_t i = 0; i < ARRAY_SIZE(assumed); i++) {
		if (str_eq(assumed[i].arch, d->arch))
			return assumed[i].code;
	}
	return assumed[0].code;
}

/* ---- said ---- */

static void say_node(struct lv_domain *d, const char *node, const char *file, bool is_code,
		     const struct place *at)
{
	struct lv_words w = lv_begin(d, NULL, "file");

	lv_put(&w, "filename", 's', file, at);
	lv_put(&w, "node-name", 's', node, NULL);
	if (is_code)
		lv_put(&w, "auto-read-only", 'b', "true", NULL);
	else
		lv_put(&w, "read-only", 'b', "false", NULL);
	lv_say_as(&w, "blockdev", xml_child(d->root, "os"));
}

static void say_format(struct lv_domain *d, const char *format)
{
	struct lv_words w = lv_begin(d, NULL, NULL);
	const char *is_read_only = xml_value(loader(d), "readonly");

	lv_put(&w, "node-name", 's', "libvirt-pflash0-format", NULL);
	lv_put(&w, "read-only", 'b', is_read_only && str_eq(is_read_only, "no") ? "false" : "true",
	       NULL);
	lv_put(&w, "driver", 's', format ? format : "raw", NULL);
	lv_put(&w, "file", 's', "libvirt-pflash0-storage", NULL);
	lv_say_as(&w, "blockdev", xml_child(d->root, "os"));
}

static bool is_stateless(const struct lv_domain *d)
{
	const char *stateless = xml_value(loader(d), "stateless");

	return stateless && str_eq(stateless, "yes");
}

/* <nvram>'s file, or where libvirt puts its copy of the template. */
static const char *nvram(struct lv_domain *d)
{
	const struct xml_node *node = xml_path(d->root, "os/nvram");
	const struct xml_node *name = xml_child(d->root, "name");
	const char *file = node ? xml_value(xml_child(node, "source"), "file") : NULL;

	if (is_stateless(d))
		return NULL;
	if (node && *node->text)
		return node->text;
	if (file)
		return file;
	if (!is_auto(d, "efi") && !node)
		return NULL;
	return lv_printf(d, "/var/lib/libvirt/qemu/nvram/%s_VARS.fd",
			 name && *name->text ? name->text : "vm");
}

void lv_say_flash(struct lv_domain *d)
{
	const struct xml_node *node = loader(d), *vars = xml_path(d->root, "os/nvram");
	const char *code = node && *node->text ? node->text : NULL;

	if (!lv_has_uefi(d))
		return;
	say_node(d, "libvirt-pflash0-storage", code ? code : auto_image(d), true,
		 code ? &node->text_at : NULL);
	say_format(d, xml_value(node, "format"));
	if (nvram(d))
		say_node(d, "libvirt-pflash1-storage", nvram(d), false,
			 vars && *vars->text ? &vars->text_at : NULL);
}

void lv_put_flash(struct lv_domain *d)
{
	const struct xml_node *os = xml_child(d->root, "os");

	if (!lv_has_uefi(d))
		return;
	say_pair(d->t, "pflash0", "libvirt-pflash0-format", 0, lv_at(os));
	if (nvram(d))
		say_pair(d->t, "pflash1", "libvirt-pflash1-storage", 0, lv_at(os));
}

void lv_say_loader(struct lv_domain *d)
{
	const struct xml_node *node = loader(d);
	const char *secure = xml_value(node, "secure");

	if (lv_has_uefi(d)) {
		if (secure && str_eq(secure, "yes"))
			say_plain(d->t, "global", "driver=cfi.pflash01,property=secure,value=on",
				  lv_at(node), node);
	} else if (node && *node->text) {
		say_plain(d->t, "bios", node->text, &node->text_at, node);
	} else if (is_auto(d, "bios")) {
		say_plain(d->t, "bios", "/usr/share/seabios/bios-256k.bin",
			  lv_at(xml_child(d->root, "os")), xml_child(d->root, "os"));
	}
}
