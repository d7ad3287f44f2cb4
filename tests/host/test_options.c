#include "groups.h"
int run_options(void)
{
	return 0;
}
