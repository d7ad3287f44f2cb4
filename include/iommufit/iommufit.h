/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* iommufit/iommufit.h - the whole interface. */
#ifndef IOMMUFIT_IOMMUFIT_H
#define IOMMUFIT_IOMMUFIT_H

#include <iommufit/caps.h>
#include <iommufit/ctx.h>
#include <iommufit/explain.h>
#include <iommufit/host.h>
#include <iommufit/machine.h>
#include <iommufit/report.h>
#include <iommufit/types.h>
#include <iommufit/vm.h>

#endif
