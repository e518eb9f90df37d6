/* What classes' attributes were found by. See snapshot/lookups.h. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG
#define Py_BUILD_CORE

#include "snapshot/lookups.h"

#include <Python.h>

#include <internal/pycore_interp.h>
#include <internal/pycore_object.h>

static bool
is_lasting(PyObject *name)
{
    return name == NULL || _Py_IsImmortal(name) != 0;
}

void
lookups_forget_passing(void)
{
    struct type_cache *cache = &PyInterpreterState_Get()->types.type_cache;

    for (size_t i = 0; i < Py_ARRAY_LENGTH(cache->hashtable); i++) {
        struct type_cache_entry *entry = &cache->hashtable[i];

        if (!is_lasting(entry->name)) {
            entry->version = 0;
            entry->value = NULL;
            Py_SETREF(entry->name, Py_None);
        }
    }
}

void
lookups_touch(void)
{
    struct type_cache *cache = &PyInterpreterState_Get()->types.type_cache;

    for (size_t i = 0; i < Py_ARRAY_LENGTH(cache->hashtable); i++) {
        volatile unsigned int *version = &cache->hashtable[i].version;
        *version = *version;
    }
}
