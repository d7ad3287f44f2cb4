/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registers and version numbers of any value; what comes out must stay within an address's 64 bits.
 */
/* parser: src/host/vtd.c src/host/amdvi.c src/host/smmuv3.c src/host/registers.c */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "host/amdvi.h"
#include "host/smmuv3.h"
#include "host/vtd.h"

struct input {
	uint64_t a, b;
	uint32_t idr[6];
	uint16_t major, minor;
	uint8_t flags, width, bits, use;
};

static void check(bool made, const struct domain_shape *shape)
{
	if (made && (shape->width == 0 || shape->width > 64))
		abort();
}

static void list(const struct reg_field *table, uint64_t value)
{
	const struct reg_field *field = NULL;
	uint64_t bits, n = 0;

	while ((field = reg_next_set(table, value, field, &bits)))
		if (bits == 0 || ++n > 64)
			abort();
	if (value && n == 0)
		abort();
}

static void decode_vtd(const struct input *in)
{
	struct vtd_unit unit = {in->a, in->b, in->flags & 1, in->flags & 2};
	struct domain_shape shape = {0};

	list(vtd_cap_fields, in->a);
	list(vtd_ecap_fields, in->b);
	if (vtd_sagaw_width(in->a) > 64 || vtd_mgaw(in->a) > 64 || vtd_pasid_bits(in->b) > 32)
		abort();
	check(vtd_domain(&unit, vtd_kernel(in->major, in->minor), in->use & 3, &shape), &shape);
}

static void decode_amd(const struct input *in)
{
	struct amdvi_unit unit = {.efr = in->a,
				  .efr2 = in->b,
				  .va_size = in->width,
				  .prefers_v2 = in->flags & 1,
				  .la57 = in->flags & 2,
				  .snp_active = in->flags & 4,
				  .no_huge_pages = in->flags & 8,
				  .v2_page_sizes = in->flags & 16};
	struct domain_shape shape = {0};

	list(amdvi_efr_fields, in->a);
	list(amdvi_efr2_fields, in->b);
	check(amdvi_domain(&unit, amdvi_kernel(in->major, in->minor), in->use & 3, &shape), &shape);
}

static void decode_smmu(const struct input *in)
{
	const struct smmuv3_kernel *kernel = smmuv3_kernel(in->major, in->minor);
	struct domain_shape shape = {0};
	struct smmuv3_unit unit;

	list(smmuv3_idr0_fields, in->idr[0]);
	list(smmuv3_driver_fields, in->idr[4]);
	smmuv3_from_registers(in->idr, &unit);
	unit.va_bits = in->bits & 63;
	unit.cpu_page = 1u << (in->width & 31);
	check(smmuv3_domain(&unit, kernel, in->use & 3, &shape), &shape);
	smmuv3_from_features(in->idr[4], in->width & 63, &unit);
	check(smmuv3_domain(&unit, kernel, in->use & 3, &shape), &shape);
}

static void decode_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	uint64_t efr, efr2;

	if (!text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (amdvi_parse_features(text, &efr, &efr2) == 0 && efr < efr2)
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {0};

	memcpy(&in, data, size < sizeof(in) ? size : sizeof(in));
	decode_vtd(&in);
	decode_amd(&in);
	decode_smmu(&in);
	decode_text(data, size);
	return 0;
}
