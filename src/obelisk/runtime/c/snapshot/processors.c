/* Libraries for arithmetic that count the processors when they are loaded: a process that goes on from a
   snapshot may have more or fewer than the one that made it was told of, and tells them. */

#include "snapshot/processors.h"

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "elf/dso.h"
#include "elf/gnu_hash.h"
#include "snapshot/machine.h"
#include "snapshot/snapshot.h"

/* OpenBLAS's, as it is built by itself, and for the wheels of numpy and scipy. */
static const char *const setters[] = {
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
};

static int
count(void)
{
    cpu_set_t set;
    long size = machine_call(SYS_sched_getaffinity, 0, sizeof(set), (long)&set, 0, 0, 0);

    return size > 0 ? CPU_COUNT_S((size_t)size, &set) : 0;
}

static void
tell(const struct object *object, int processors)
{
    struct symbols symbols = symbols_of_object(object);

    for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        const ElfW(Sym) *found = symbols_find(&symbols, setters[i], symbols_hash(setters[i]));
        if (found != NULL) {
            void (*set)(int) = (void (*)(int))(uintptr_t)objects_at(object->base + found->st_value);
            set(processors);
            return;
        }
    }
}

void
processors_renew(void)
{
    int now = objects_table() != NULL && !snapshot_is_measured() ? count() : 0;

    if (now == 0 || now == PROCESSORS_WHILE_PREPARING) {
        return;
    }
    for (uint32_t i = 0; i < objects_loaded_count(); i++) {
        tell(objects_get(objects_loaded(i)), now);
    }
}
