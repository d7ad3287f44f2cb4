#include "groups.h"
int run_bad(void)
{
	return 0;
}
