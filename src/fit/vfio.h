/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vfio.h - what the kernel says to an assigned device, whichever VMM asks it (rules_vfio.c). Each
 * is for devices of its backend only; operands 1 and on are group, driver or region. */
#ifndef FIT_VFIO_H
#define FIT_VFIO_H

#include "fit/rule.h"

enum answer vfio_absent(const struct scene *, struct operand *);
enum answer vfio_not_identified(const struct scene *, struct operand *);
enum answer vfio_no_group(const struct scene *, struct operand *);
enum answer vfio_not_bound_legacy(const struct scene *, struct operand *);
enum answer vfio_not_bound_iommufd(const struct scene *, struct operand *);
enum answer vfio_mate_bound_only(const struct scene *, struct operand *);
enum answer vfio_group_busy_legacy(const struct scene *, struct operand *);
enum answer vfio_group_busy_iommufd(const struct scene *, struct operand *);
enum answer vfio_direct_region_legacy(const struct scene *, struct operand *);
enum answer vfio_direct_region_old_kernel(const struct scene *, struct operand *);
enum answer vfio_direct_region_iommufd(const struct scene *, struct operand *);
enum answer vfio_no_remapping_legacy(const struct scene *, struct operand *);
enum answer vfio_no_remapping_iommufd(const struct scene *, struct operand *);
enum answer vfio_no_domain_legacy(const struct scene *, struct operand *);
enum answer vfio_no_domain_iommufd(const struct scene *, struct operand *);
enum answer vfio_no_iommufd(const struct scene *, struct operand *);
enum answer vfio_group_split_legacy(const struct scene *, struct operand *);
enum answer vfio_group_split_iommufd(const struct scene *, struct operand *);

#endif
