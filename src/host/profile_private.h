/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* profile_private.h - what the files that read a profile share. */
#ifndef HOST_PROFILE_PRIVATE_H
#define HOST_PROFILE_PRIVATE_H

#include "host/profile_json.h"

struct profile {
	struct profile_reader reader;
	struct iof_host *host;
	const struct iof_host_options *options;
	const struct json_value *devices;
	struct measured_device *measured;
	size_t n_measured, measured_cap;
	const bool *wanted_groups; /* by index in host->groups; NULL: every device is wanted */
};

/* All return 0, -EBADMSG or -ENOMEM. */
int profile_no_memory(const struct profile *);
/* An array member, each item an object; at most max; *n is 0 if it is absent and not required. */
int profile_array(const struct profile *, const struct json_place *,
		  const struct json_value *object, const char *key, bool required, size_t max,
		  const struct json_value **out, size_t *n);

/* After the units and groups: the devices that the options want. */
int profile_devices(struct profile *);
/* Every group's list of its devices. */
int profile_link_groups(struct profile *);
/* The answers of one device, wanted or not: its unit may be. */
int profile_measured_device(struct profile *, const struct json_place *,
			    const struct json_value *object, const struct pci_address *);
/* After the devices and the kernel: what all of them answered becomes the host's. */
int profile_measured(struct profile *);
/* After host_finish(): put back what was measured. */
int profile_keep_measured(struct profile *);

#endif
