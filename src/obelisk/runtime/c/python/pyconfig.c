/* Applying settings to CPython's configuration. See python/pyconfig.h.

   A setting has the name of its field. Those that are no field are left to who asks for them. */

#include "python/pyconfig.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "payload/settings.h"

#ifdef OBELISK_SNAPSHOT
#include "snapshot/snapshot.h"
#endif

enum kind {
    WHOLE,      /* int */
    SEED,       /* unsigned long */
    TEXT,       /* wchar_t * */
    TEXTS,      /* PyWideStringList, an entry for each value */
    PROCESSORS, /* int, or `cgroup`: what the control group grants */
};

struct field {
    const char *name;
    enum kind kind;
    size_t offset;
};

#define FIELD(kind, name) {#name, kind, offsetof(PyConfig, name)}

static const struct field fields[] = {
    FIELD(WHOLE, buffered_stdio),
    FIELD(WHOLE, bytes_warning),
    FIELD(TEXT, check_hash_pycs_mode),
    FIELD(WHOLE, code_debug_ranges),
    FIELD(WHOLE, configure_c_stdio),
    FIELD(PROCESSORS, cpu_count),
    FIELD(WHOLE, dev_mode),
    FIELD(WHOLE, faulthandler),
    FIELD(SEED, hash_seed),
    FIELD(WHOLE, import_time),
    FIELD(WHOLE, install_signal_handlers),
    FIELD(WHOLE, int_max_str_digits),
    FIELD(WHOLE, malloc_stats),
    FIELD(WHOLE, optimization_level),
    FIELD(WHOLE, perf_profiling),
    FIELD(TEXT, pycache_prefix),
    FIELD(WHOLE, site_import),
    FIELD(TEXT, stdio_encoding),
    FIELD(TEXT, stdio_errors),
    FIELD(WHOLE, tracemalloc),
    FIELD(WHOLE, use_environment),
    FIELD(WHOLE, use_hash_seed),
    FIELD(WHOLE, verbose),
    FIELD(TEXTS, warnoptions),
    FIELD(WHOLE, write_bytecode),
    FIELD(TEXTS, xoptions),
#if PY_VERSION_HEX >= 0x030e0000
    FIELD(WHOLE, context_aware_warnings),
    FIELD(WHOLE, thread_inherit_context),
#endif
    {NULL, WHOLE, 0},
};

#undef FIELD
#define FIELD(name) {#name, WHOLE, offsetof(PyPreConfig, name)}

static const struct field early_fields[] = {
    FIELD(allocator),       FIELD(coerce_c_locale), FIELD(configure_locale), FIELD(dev_mode),
    FIELD(use_environment), FIELD(utf8_mode),       {NULL, WHOLE, 0},
};

static const struct field *
find_field(const struct field *field, const char *entry, size_t size)
{
    while (field->name != NULL
           && (strlen(field->name) != size || memcmp(field->name, entry, size) != 0)) {
        field++;
    }
    return field->name ? field : NULL;
}

static int
processors(const char *value)
{
#ifdef OBELISK_SNAPSHOT
    if (snapshot_is_preparing() && strcmp(value, "cgroup") == 0) {
        return -1; /* whoever counts now is noticed; a process that goes on is told (configure_processors) */
    }
#endif
    return strcmp(value, "cgroup") == 0 ? os_granted_processors() : atoi(value);
}

PyStatus
configure_append(PyWideStringList *list, const char *text)
{
    wchar_t *decoded = Py_DecodeLocale(text, NULL);
    PyStatus status = decoded ? PyWideStringList_Append(list, decoded) : PyStatus_NoMemory();

    PyMem_RawFree(decoded);
    return status;
}

static PyStatus
set_field(PyConfig *config, const struct field *field, const char *value)
{
    void *place = (char *)config + field->offset;

    switch (field->kind) {
    case WHOLE:
        *(int *)place = atoi(value);
        break;
    case SEED:
        *(unsigned long *)place = strtoul(value, NULL, 10);
        break;
    case PROCESSORS:
        *(int *)place = processors(value);
        break;
    case TEXT:
        return PyConfig_SetBytesString(config, place, value);
    case TEXTS:
        return configure_append(place, value);
    }
    return PyStatus_Ok();
}

void
configure_before(PyPreConfig *config)
{
    for (const char *entry = settings_next(NULL); entry != NULL; entry = settings_next(entry)) {
        size_t size = strcspn(entry, "=");
        const struct field *field = find_field(early_fields, entry, size);

        if (field != NULL) {
            *(int *)(void *)((char *)config + field->offset) = atoi(entry + size + 1);
        }
    }
}

#ifdef OBELISK_SNAPSHOT
void
configure_processors(PyConfig *config)
{
    const char *value = settings_get("cpu_count");

    if (value != NULL) {
        config->cpu_count = processors(value);
    }
}
#endif

PyStatus
configure(PyConfig *config)
{
    PyStatus status = PyStatus_Ok();

    for (const char *entry = settings_next(NULL); entry != NULL && !PyStatus_Exception(status);
         entry = settings_next(entry)) {
        size_t size = strcspn(entry, "=");
        const struct field *field = find_field(fields, entry, size);

        if (field != NULL) {
            status = set_field(config, field, entry + size + 1);
        }
    }
    return status;
}
