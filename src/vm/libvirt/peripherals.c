// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peripherals.c - the devices of a domain that sit on PCI, without what is behind them:
 * images, networks and character devices do not bear on addresses.
 */
#include "vm/libvirt/say.h"

static const struct xml_node *driver_node(const struct lv_device *device)
{
	return device->node ? xml_child(device->node, "driver") : NULL;
}

static void finish(struct lv_words *w)
{
	lv_put_address(w);
	lv_say_device(w);
}

/* ---- disks, file systems ---- */

static void say_disk(struct lv_domain *d, const struct lv_device *disk)
{
	const struct xml_node *driver = driver_node(disk);
	const char *type = xml_value(disk->node, "type");
	bool is_vhost = type && str_eq(type, "vhostuser");
	struct lv_words w;

	if (!str_eq(disk->kind, "virtio"))
		return;
	w = lv_begin(d, disk,
		     lv_virtio_driver(d, is_vhost ? "vhost-user-blk" : "virtio-blk", disk->model));
	lv_put_virtio(&w, driver);
	lv_put_switch(&w, "ioeventfd", driver, "ioeventfd");
	lv_put_switch(&w, "event_idx", driver, "event_idx");
	lv_put_attribute(&w, "num-queues", 'n', driver, "queues");
	lv_put_attribute(&w, "queue-size", 'n', driver, "queue_size");
	lv_put_address(&w);
	if (is_vhost)
		lv_put(&w, "chardev", 's', lv_printf(d, "chr-vu-%s", disk->alias), NULL);
	else
		lv_put(&w, "drive", 's', lv_printf(d, "libvirt-%u-storage", disk->index + 1), NULL);
	lv_put_id(&w);
	lv_put_boot_index(&w);
	lv_say_device(&w);
}

static void say_fs(struct lv_domain *d, const struct lv_device *fs)
{
	const struct xml_node *target = xml_child(fs->node, "target");
	bool is_virtiofs = str_eq(fs->kind, "virtiofs");
	struct lv_words w;

	if (str_eq(fs->kind, "mtp"))
		return;
	w = lv_begin(d, fs,
		     lv_virtio_driver(d, is_virtiofs ? "vhost-user-fs" : "virtio-9p", fs->model));
	lv_put_virtio(&w, driver_node(fs));
	lv_put_id(&w);
	if (is_virtiofs) {
		lv_put(&w, "chardev", 's', lv_printf(d, "chr-vu-%s", fs->alias), NULL);
		lv_put_attribute(&w, "queue-size", 'n', driver_node(fs), "queue");
		lv_put_attribute(&w, "tag", 's', target, "dir");
		lv_put_boot_index(&w);
	} else {
		lv_put(&w, "fsdev", 's', lv_printf(d, "fsdev-%s", fs->alias), NULL);
		lv_put_attribute(&w, "mount_tag", 's', target, "dir");
	}
	finish(&w);
}

/* ---- network ---- */

static void put_queues(struct lv_words *w, const struct xml_node *driver)
{
	const struct xml_attribute *queues = driver ? xml_attribute(driver, "queues") : NULL;
	uint64_t n;

	if (!queues || !lv_number(queues->value, 65535, &n) || n < 2)
		return;
	lv_put(w, "mq", 'b', "true", &queues->at);
	lv_put_number(w, "vectors", 2 * n + 2, &queues->at);
}

static void say_net(struct lv_domain *d, const struct lv_device *net)
{
	const struct xml_node *driver = driver_node(net);
	bool is_virtio = str_starts(net->model, "virtio");
	struct lv_words w = lv_begin(
		d, net, is_virtio ? lv_virtio_driver(d, "virtio-net", net->model) : net->model);

	if (is_virtio) {
		lv_put_virtio(&w, driver);
		lv_put_switch(&w, "ioeventfd", driver, "ioeventfd");
		lv_put_switch(&w, "event_idx", driver, "event_idx");
		put_queues(&w, driver);
		lv_put_attribute(&w, "rx_queue_size", 'n', driver, "rx_queue_size");
		lv_put_attribute(&w, "tx_queue_size", 'n', driver, "tx_queue_size");
		lv_put_attribute(&w, "host_mtu", 'n', xml_child(net->node, "mtu"), "size");
	}
	lv_put(&w, "netdev", 's', lv_printf(d, "host%s", net->alias), NULL);
	lv_put_id(&w);
	lv_put_attribute(&w, "mac", 's', xml_child(net->node, "mac"), "address");
	lv_put_boot_index(&w);
	lv_put_address(&w);
	lv_put_rom(&w);
	lv_say_device(&w);
}

/* ---- input, sound ---- */

static void say_input(struct lv_domain *d, const struct lv_device *input)
{
	static const char *const bases[][2] = {{"mouse", "virtio-mouse"},
					       {"tablet", "virtio-tablet"},
					       {"keyboard", "virtio-keyboard"},
					       {"passthrough", "virtio-input-host"}};
	const char *type = xml_value(input->node, "type");
	struct lv_words w;

	for (size_t i = 0; type && i < ARRAY_SIZE(bases); i++) {
		if (!str_eq(input->kind, "virtio") || !str_eq(type, bases[i][0]))
			continue;
		w = lv_begin(d, input, lv_virtio_driver(d, bases[i][1], ""));
		lv_put_virtio(&w, driver_node(input));
		lv_put_id(&w);
		lv_put_attribute(&w, "evdev", 's', xml_child(input->node, "source"), "evdev");
		finish(&w);
	}
}

static void say_sound(struct lv_domain *d, const struct lv_device *sound)
{
	static const char *const drivers[][2] = {{"es1370", "ES1370"},
						 {"ac97", "AC97"},
						 {"ich6", "intel-hda"},
						 {"ich9", "ich9-intel-hda"},
						 {"virtio", "virtio-sound-pci"}};
	struct lv_words w;

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (!str_eq(sound->model, drivers[i][0]))
			continue;
		w = lv_begin(d, sound, drivers[i][1]);
		if (str_eq(sound->model, "virtio"))
			lv_put_virtio(&w, driver_node(sound));
		lv_put_id(&w);
		if (!str_starts(sound->model, "ich"))
			lv_put(&w, "audiodev", 's', "audio1", NULL);
		finish(&w);
	}
}

/* ---- video ---- */

static bool is_primary(struct lv_domain *d, const struct lv_device *video)
{
	const struct lv_device *other;
	const char *primary;

	for (size_t n = 0; (other = lv_device(d, LV_VIDEO, n)); n++) {
		primary =
			other->node ? xml_value(xml_child(other->node, "model"), "primary") : NULL;
		if (primary && str_eq(primary, "yes"))
			return other == video;
	}
	return video == lv_device(d, LV_VIDEO, 0);
}

static bool has_3d(const struct lv_device *video)
{
	const struct xml_node *accel =
		video->node ? xml_path(video->node, "model/acceleration") : NULL;
	const char *value = xml_value(accel, "accel3d");

	return value && str_eq(value, "yes");
}

static bool is_vhost_user(const struct lv_device *video)
{
	const char *name = xml_value(driver_node(video), "name");

	return name && str_eq(name, "vhostuser");
}

/* qemuDeviceVideoGetModel(): the first one with VGA, if there is such. */
static const char *video_driver(struct lv_domain *d, const struct lv_device *video)
{
	static const char *const drivers[][3] = {{"vga", "VGA", NULL},
						 {"cirrus", "cirrus-vga", NULL},
						 {"vmvga", "vmware-svga", NULL},
						 {"qxl", "qxl-vga", "qxl"},
						 {"bochs", "bochs-display", "bochs-display"}};
	bool has_vga = is_primary(d, video) && d->board != LV_VIRT;

	if (is_vhost_user(video))
		return has_vga ? "vhost-user-vga" : "vhost-user-gpu-pci";
	if (str_eq(video->model, "virtio") && has_3d(video))
		return has_vga ? "virtio-vga-gl" : "virtio-gpu-gl-pci";
	if (str_eq(video->model, "virtio"))
		return has_vga ? "virtio-vga" : "virtio-gpu-pci";
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (str_eq(video->model, drivers[i][0]))
			return drivers[i][is_primary(d, video) ? 1 : 2];
	}
	return NULL;
}

static uint64_t round_up_power_of_two(uint64_t n)
{
	uint64_t power = 1;

	while (power < n && power < 1ull << 62)
		power *= 2;
	return power;
}

/* Memory sizes of <model> are KiB; libvirt rounds them up. */
static void put_memory(struct lv_words *w, const char *key, const char *attribute, uint64_t absent,
		       uint64_t unit, bool is_rounded)
{
	const struct xml_node *model = w->device->node ? xml_child(w->device->node, "model") : NULL;
	const struct xml_attribute *a = model ? xml_attribute(model, attribute) : NULL;
	uint64_t kib = absent;

	if (a && !lv_number(a->value, UINT32_MAX, &kib))
		kib = absent;
	if (is_rounded && kib)
		kib = round_up_power_of_two(kib);
	lv_put_number(w, key, unit > 1024 ? kib / 1024 : kib * (1024 / unit), a ? &a->at : NULL);
}

#define IN_BYTES 1u
#define IN_MIB (1024u * 1024u)

static void put_video_memory(struct lv_words *w)
{
	const char *model = w->device->model;

	if (str_eq(model, "qxl")) {
		put_memory(w, "ram_size", "ram", 65536, IN_BYTES, true);
		put_memory(w, "vram_size", "vram", 65536, IN_BYTES, true);
		put_memory(w, "vram64_size_mb", "vram64", 0, IN_MIB, true);
		put_memory(w, "vgamem_mb", "vgamem", 16384, IN_MIB, true);
	} else if (str_eq(model, "vga") || str_eq(model, "vmvga")) {
		put_memory(w, "vgamem_mb", "vram", 16384, IN_MIB, false);
	} else if (str_eq(model, "bochs")) {
		put_memory(w, "vgamem", "vram", 16384, IN_BYTES, false);
	}
}

static void say_video(struct lv_domain *d, const struct lv_device *video)
{
	const struct xml_node *model = video->node ? xml_child(video->node, "model") : NULL;
	const char *driver = video_driver(d, video);
	bool is_virtio = str_eq(video->model, "virtio");
	struct lv_words w;

	if (!driver)
		return;
	w = lv_begin(d, video, driver);
	if (is_virtio)
		lv_put_virtio(&w, driver_node(video));
	lv_put_id(&w);
	if ((is_virtio || str_eq(video->model, "qxl")) && model && xml_attribute(model, "heads"))
		lv_put_attribute(&w, "max_outputs", 'n', model, "heads");
	else if (is_virtio || str_eq(video->model, "qxl"))
		lv_put_number(&w, "max_outputs", 1, NULL);
	put_video_memory(&w);
	if (is_virtio)
		lv_put_switch(&w, "blob", model, "blob");
	finish(&w);
}

/* ---- small ones ---- */

static void say_watchdog(struct lv_domain *d, const struct lv_device *watchdog)
{
	struct lv_words w;

	if (!str_eq(watchdog->model, "i6300esb"))
		return;
	w = lv_begin(d, watchdog, "i6300esb");
	lv_put_id(&w);
	finish(&w);
}

static void say_balloon(struct lv_domain *d, const struct lv_device *balloon)
{
	struct lv_words w;

	if (!str_starts(balloon->model, "virtio"))
		return;
	w = lv_begin(d, balloon, lv_virtio_driver(d, "virtio-balloon", balloon->model));
	lv_put_virtio(&w, driver_node(balloon));
	lv_put_id(&w);
	lv_put_switch(&w, "deflate-on-oom", balloon->node, "autodeflate");
	lv_put_switch(&w, "free-page-reporting", balloon->node, "freePageReporting");
	finish(&w);
}

static void say_rng(struct lv_domain *d, const struct lv_device *rng)
{
	const struct xml_node *backend = xml_child(rng->node, "backend");
	struct lv_words object = lv_begin(d, NULL, NULL);
	struct lv_words w = lv_begin(d, rng, lv_virtio_driver(d, "virtio-rng", rng->model));
	const char *id = lv_printf(d, "obj%s", rng->alias);
	bool is_builtin = str_eq(rng->kind, "builtin");

	lv_put(&object, "qom-type", 's', is_builtin ? "rng-builtin" : "rng-random", NULL);
	lv_put(&object, "id", 's', id, NULL);
	if (!is_builtin && backend && *backend->text)
		lv_put(&object, "filename", 's', backend->text, &backend->text_at);
	lv_say_as(&object, "object", rng->node);
	lv_put_virtio(&w, driver_node(rng));
	lv_put(&w, "rng", 's', id, NULL);
	lv_put_id(&w);
	finish(&w);
}

static void say_shmem(struct lv_domain *d, const struct lv_device *shmem)
{
	const struct xml_node *size_node = xml_child(shmem->node, "size");
	const char *id = lv_printf(d, "shmmem-%s", shmem->alias);
	struct lv_words object = lv_begin(d, NULL, NULL), w;
	uint64_t kib = 4096;

	if (size_node &&
	    !lv_kib(size_node->text,
		    xml_value(size_node, "unit") ? xml_value(size_node, "unit") : "b", &kib))
		kib = 4096;
	if (str_eq(shmem->model, "ivshmem-plain")) {
		const char *name = xml_value(shmem->node, "name");

		lv_put(&object, "qom-type", 's', "memory-backend-file", NULL);
		lv_put(&object, "id", 's', id, NULL);
		lv_put(&object, "mem-path", 's', lv_printf(d, "/dev/shm/%s", name ? name : ""),
		       NULL);
		lv_put_number(&object, "size", kib * 1024, size_node ? &size_node->text_at : NULL);
		lv_put(&object, "share", 'b', "true", NULL);
		lv_say_as(&object, "object", shmem->node);
	}
	w = lv_begin(d, shmem, shmem->model);
	lv_put_id(&w);
	if (str_eq(shmem->model, "ivshmem-plain"))
		lv_put(&w, "memdev", 's', id, NULL);
	else
		lv_put(&w, "chardev", 's', lv_printf(d, "char%s", shmem->alias), NULL);
	lv_put_attribute(&w, "vectors", 'n', xml_child(shmem->node, "msi"), "vectors");
	lv_put_switch(&w, "ioeventfd", xml_child(shmem->node, "msi"), "ioeventfd");
	finish(&w);
}

static void say_panic(struct lv_domain *d, const struct lv_device *panic)
{
	struct lv_words w;

	if (!str_eq(panic->model, "pvpanic"))
		return;
	w = lv_begin(d, panic, "pvpanic-pci");
	finish(&w);
}

static void say_vsock(struct lv_domain *d, const struct lv_device *vsock)
{
	struct lv_words w = lv_begin(d, vsock, lv_virtio_driver(d, "vhost-vsock", vsock->model));

	lv_put_virtio(&w, driver_node(vsock));
	lv_put_id(&w);
	lv_put_attribute(&w, "guest-cid", 'n', xml_child(vsock->node, "cid"), "address");
	finish(&w);
}

static void say_crypto(struct lv_domain *d, const struct lv_device *crypto)
{
	struct lv_words w = lv_begin(d, crypto, lv_virtio_driver(d, "virtio-crypto", ""));

	lv_put_virtio(&w, driver_node(crypto));
	lv_put(&w, "cryptodev", 's', lv_printf(d, "obj%s", crypto->alias), NULL);
	lv_put_id(&w);
	finish(&w);
}

static void say_serial(struct lv_domain *d, const struct lv_device *serial)
{
	struct lv_words w = lv_begin(d, serial, "pci-serial");

	lv_put(&w, "chardev", 's', lv_printf(d, "char%s", serial->alias), NULL);
	lv_put_id(&w);
	finish(&w);
}

/* ---- all ---- */

typedef void (*say_fn)(struct lv_domain *, const struct lv_device *);

static void say_class(struct lv_domain *d, enum lv_class class, say_fn say)
{
	const struct lv_device *device;

	for (size_t n = 0; (device = lv_device(d, class, n)) && !d->t->err; n++) {
		/* libvirt adds none of these without an element, but these two. */
		bool is_sayable = device->node || class == LV_VIDEO || class == LV_MEMBALLOON;

		if (device->pci.is_set && is_sayable)
			say(d, device);
	}
}

static void say_watchdogs(struct lv_domain *d)
{
	const struct lv_device *watchdog;
	const char *action = NULL;

	say_class(d, LV_WATCHDOG, say_watchdog);
	for (size_t n = 0; (watchdog = lv_device(d, LV_WATCHDOG, n)); n++) {
		if (str_eq(watchdog->model, "itco"))
			say_plain(d->t, "global", "ICH9-LPC.noreboot=off", lv_at(watchdog->node),
				  watchdog->node);
		action = watchdog->node ? xml_value(watchdog->node, "action") : NULL;
	}
	if (lv_device(d, LV_WATCHDOG, 0))
		say_plain(d->t, "watchdog-action",
			  !action		   ? "reset"
			  : str_eq(action, "dump") ? "pause"
						   : action,
			  NULL, NULL);
}

void lv_say_peripherals(struct lv_domain *d)
{
	say_class(d, LV_DISK, say_disk);
	say_class(d, LV_FS, say_fs);
	say_class(d, LV_NET, say_net);
	say_class(d, LV_SERIAL, say_serial);
	say_class(d, LV_INPUT, say_input);
	say_class(d, LV_VIDEO, say_video);
	say_class(d, LV_SOUND, say_sound);
	say_watchdogs(d);
}

void lv_say_late(struct lv_domain *d)
{
	say_class(d, LV_MEMBALLOON, say_balloon);
	say_class(d, LV_RNG, say_rng);
}

void lv_say_last(struct lv_domain *d)
{
	say_class(d, LV_PANIC, say_panic);
	say_class(d, LV_SHMEM, say_shmem);
	say_class(d, LV_VSOCK, say_vsock);
	say_class(d, LV_CRYPTO, say_crypto);
}
