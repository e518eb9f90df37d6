/* What tracemalloc calls while it traces memory. */

#ifndef OBELISK_SNAPSHOT_TRACED_H
#define OBELISK_SNAPSHOT_TRACED_H

#include <Python.h>

/* Return where tracemalloc keeps the allocator of a domain that it stands in front of: objects, or what else Python
   asks for. */
PyMemAllocatorEx *traced_allocator(PyMemAllocatorDomain domain);

#endif
