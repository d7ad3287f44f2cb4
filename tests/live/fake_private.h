/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fake_private.h - what the two files of the fake kernel share. */
#ifndef TESTS_FAKE_PRIVATE_H
#define TESTS_FAKE_PRIVATE_H

#include <setjmp.h>

#include "fake_kernel.h"
#include "live/uapi.h"

enum node_kind { NODE_FOLDER, NODE_FILE, NODE_LINK, NODE_DEVICE };

struct node {
	char *path;
	enum node_kind kind;
	char *text;
	size_t length;
	unsigned mode;		   /* 0: nobody set it */
	bool is_block, is_claimed; /* of a device */
	unsigned major, minor;
};

enum file_kind {
	OPEN_NOTHING,
	OPEN_FILE,
	OPEN_FOLDER,
	OPEN_GROUP,
	OPEN_CONTAINER,
	OPEN_IOMMU,
	OPEN_CDEV,
	OPEN_DEVICE
};

/* A descriptor: its number is its index plus FIRST_FD. */
#define FIRST_FD 100
struct open_file {
	enum file_kind kind;
	char *path;
	size_t at;
	bool appends;
	int container;		/* of a group: the descriptor; -1 none */
	bool has_iommu;		/* of a container */
	bool has_compat_device; /* of a container that is iommufd's: its ranges are narrow */
	int iommufd;		/* of a bound cdev; -1 */
	uint32_t attached;	/* of a cdev: object it is attached to; 0 none */
};

enum object_kind {
	OBJECT_FREE,
	OBJECT_DEVICE,
	OBJECT_IOAS,
	OBJECT_HWPT,
	OBJECT_VIOMMU,
	OBJECT_VDEVICE
};

/* An object of iommufd: its id is its index plus 1. */
struct object {
	enum object_kind kind;
	int fd;		 /* the iommufd that has it */
	uint32_t parent; /* of an HWPT: the IOAS; of a vIOMMU: the HWPT */
	unsigned users;
	enum fake_use use; /* of an HWPT */
	bool has_aperture; /* of an IOAS */
	struct iof_range aperture;
	bool has_device; /* of an IOAS: reserved regions count */
};

struct mapping {
	int fd; /* container, or iommufd */
	uint32_t ioas;
	uint64_t iova, length;
};

struct fake_kernel {
	struct live_calls calls;
	struct node *nodes;
	size_t n_nodes;
	struct open_file *files;
	size_t n_files;
	struct object *objects;
	size_t n_objects;
	struct mapping *mappings;
	size_t n_mappings;
	void **pages;
	size_t n_pages;
	struct fake_vfio vfio;
	unsigned resets, euid;
	int64_t now_ms;
	fake_on_write on_write;
	void *on_write_data;
	char **log;
	unsigned n_log;
	unsigned fail_at;
	int fail_error;
	unsigned kill_at, stop_at;
	bool is_locked;
	jmp_buf *kill_to;
	bool interrupts, interrupted;
	size_t short_bytes;
};

/* Memory or abort(). */
void *fake_grow(void *old, size_t n, size_t size);
char *fake_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Note a call; -errno if it is to fail. */
int fake_enter(struct fake_kernel *, const char *kind, const char *what);
struct open_file *fake_file_of(struct fake_kernel *, int fd, enum file_kind);
int fake_new_file(struct fake_kernel *, enum file_kind, const char *path);

/* Which node of /dev that is; OPEN_NOTHING: none of VFIO's. -errno: it cannot be opened. */
int fake_vfio_open(struct fake_kernel *, const char *path);
void fake_vfio_close(struct fake_kernel *, int fd);
int fake_vfio_ioctl(struct fake_kernel *, int fd, unsigned long request, void *argument);
const char *fake_vfio_name(unsigned long request);
int fake_cdev_ioctl(struct fake_kernel *, struct open_file *, unsigned long request,
		    void *argument);
int fake_iommufd_ioctl(struct fake_kernel *, int fd, unsigned long request, void *argument);

/* What is left of an aperture without the holes; returns how many. */
size_t fake_usable(const struct fake_vfio *, struct iof_range aperture, bool holes,
		   struct uapi_range out[FAKE_MAX_HOLES + 1]);
bool fake_is_usable(const struct fake_vfio *, struct iof_range aperture, bool holes, uint64_t iova,
		    uint64_t length);
int fake_add_mapping(struct fake_kernel *, int fd, uint32_t ioas, uint64_t iova, uint64_t length);
int fake_drop_mapping(struct fake_kernel *, int fd, uint32_t ioas, uint64_t iova, uint64_t length);

/* The tree. */
char *fake_resolve(struct fake_kernel *, const char *path, bool last);
struct node *fake_find(struct fake_kernel *, const char *path);
struct node *fake_add(struct fake_kernel *, const char *path, enum node_kind);
void fake_set_text(struct node *, const char *text, size_t length);
bool fake_is_below(const char *path, const char *folder);

#endif
