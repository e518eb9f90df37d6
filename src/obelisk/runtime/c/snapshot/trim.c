/* Taking the room from dictionaries that they have for more. See snapshot/trim.h.

   The entries of a table of keys lie behind its indices, in the order in which they came; CPython counts how many
   more have room, and uses nothing of these. Only a copy of the dictionary has their bytes as well
   (`clone_combined_dict_keys`): what is behind the table, where they were, has to be readable. CPython gives a table
   back as the block that it is, unless it is of the smallest size: these it uses again. */

/* The assertions of Python's headers would name folders of whoever builds. */
#define NDEBUG
#define Py_BUILD_CORE

#include "snapshot/trim.h"

#include <internal/pycore_dict.h>
#include <string.h>

#include "snapshot/blocks.h"
#include "snapshot/places.h"

#define SMALLEST 3 /* log2 of the indices of a small table (`PyDict_LOG_MINSIZE` of dictobject.c) */
#define ATTRIBUTES 12     /* that a class has room for, unless it is known to have more */
#define MORE_ATTRIBUTES 6 /* and at least beside those that are known */
#define SIGNATURE_END ")\n--\n\n" /* of typeobject.c */

static size_t
size_with(const PyDictKeysObject *keys, Py_ssize_t entries)
{
    size_t entry =
        keys->dk_kind == DICT_KEYS_GENERAL ? sizeof(PyDictKeyEntry) : sizeof(PyDictUnicodeEntry);

    return sizeof(*keys) + ((size_t)1 << keys->dk_log2_index_bytes) + (size_t)entries * entry;
}

/* To give a large one room again would take long, and so much can be read behind one. */
static bool
may_be_trimmed(PyDictKeysObject *keys)
{
    return keys->dk_refcnt == 1 && keys->dk_log2_size > SMALLEST
           && _PyDict_KeysSize(keys) <= PLACES_READABLE && blocks_is_unchanged(keys);
}

/* Return keys with room for so many more, in place of those. */
static PyDictKeysObject *
trimmed(PyDictKeysObject *keys, Py_ssize_t usable)
{
    size_t size = size_with(keys, keys->dk_nentries + usable);
    PyDictKeysObject *fitting = PyMem_Malloc(size);

    if (fitting == NULL) {
        return keys;
    }
    memcpy(fitting, keys, size);
    fitting->dk_usable = usable;
    PyMem_Free(keys);
    return fitting;
}

static void
trim_dictionary(PyDictObject *dictionary)
{
    PyDictKeysObject *keys = dictionary->ma_keys;

    if (dictionary->ma_values == NULL && keys->dk_usable > 0 && may_be_trimmed(keys)) {
        dictionary->ma_keys = trimmed(keys, 0);
    }
}

/* The names of attributes that instances of a class have in common: those that its methods set are there from its
   start, and there is room for 30. One that finds no room is in the instance's own dictionary. */
static void
trim_class(PyHeapTypeObject *class)
{
    PyDictKeysObject *keys = class->ht_cached_keys;
    Py_ssize_t room;

    if (keys != NULL && keys->dk_kind == DICT_KEYS_SPLIT && may_be_trimmed(keys)) {
        room = Py_MAX(ATTRIBUTES - keys->dk_nentries, MORE_ATTRIBUTES);
        class->ht_cached_keys = trimmed(keys, Py_MIN(keys->dk_usable, room));
    }
}

/* A class has a copy of its docstring, of which Python reads the signature only: `__doc__` is in its
   dictionary. */
static void
drop_copy_of_doc(PyTypeObject *class)
{
    if (class->tp_doc != NULL && strstr(class->tp_doc, SIGNATURE_END) == NULL) {
        PyMem_Free((char *)class->tp_doc);
        class->tp_doc = NULL;
    }
}

void
trim_objects(PyObject *list)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        PyObject *object = PyList_GET_ITEM(list, i);
        if (PyDict_Check(object)) {
            trim_dictionary((PyDictObject *)object);
        }
        else if (PyType_Check(object) && PyType_HasFeature((PyTypeObject *)object, Py_TPFLAGS_HEAPTYPE)) {
            trim_class((PyHeapTypeObject *)object);
            drop_copy_of_doc((PyTypeObject *)object);
        }
    }
}
