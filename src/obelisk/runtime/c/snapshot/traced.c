/* What tracemalloc calls. See snapshot/traced.h. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG
#define Py_BUILD_CORE

#include "snapshot/traced.h"

#include <internal/pycore_runtime.h>

PyMemAllocatorEx *
traced_allocator(PyMemAllocatorDomain domain)
{
    return domain == PYMEM_DOMAIN_OBJ ? &_PyRuntime.tracemalloc.allocators.obj
                                      : &_PyRuntime.tracemalloc.allocators.mem;
}
