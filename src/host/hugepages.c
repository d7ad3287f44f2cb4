/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Huge pages: RAM that asks for them is taken when the VM starts, before any device is looked at.
 */
#include "host/loader.h"

#define POOLS "/sys/kernel/mm/hugepages"

static int add_pool(struct loader *load, const char *folder, size_t *cap)
{
	struct iof_host *host = load->host;
	const char *number = folder + strlen("hugepages-");
	size_t digits = strspn(number, "0123456789");
	struct hugepage_pool pool;
	uint64_t kib;
	char *path;

	if (!str_starts(folder, "hugepages-") ||
	    parse_u64n(number, digits, 10, UINT64_MAX >> 10, &kib))
		return 0;
	pool.size = kib << 10;
	path = arena_printf(load->scratch, POOLS "/%s/free_hugepages", folder);
	if (!path)
		return fact_no_memory(load);
	if (root_read_u64(load->root, path, 10, &pool.free))
		return 0;
	host->hugepages =
		arena_grow(host->arena, host->hugepages, host->n_hugepages, cap, sizeof(pool));
	if (!host->hugepages)
		return fact_no_memory(load);
	host->hugepages[host->n_hugepages++] = pool;
	return 0;
}

/* What cannot be read stays unknown. */
int load_hugepages(struct loader *load)
{
	const char **names;
	size_t n, cap = 0;
	int err = root_list(load->root, load->scratch, POOLS, &names, &n);

	if (err)
		return err == -ENOMEM ? fact_no_memory(load) : 0;
	for (size_t i = 0; !err && i < n; i++)
		err = add_pool(load, names[i], &cap);
	return err;
}

int host_hugepages(const struct iof_host *host, uint64_t size, uint64_t *page_size, uint64_t *free)
{
	const struct hugepage_pool *found = NULL;

	for (size_t i = 0; i < host->n_hugepages; i++) {
		const struct hugepage_pool *pool = &host->hugepages[i];

		if (size ? pool->size == size : !found || pool->size < found->size)
			found = pool;
	}
	if (!found)
		return -ENODATA;
	*page_size = found->size;
	*free = found->free;
	return 0;
}
