/* Functions without code: it is read from the payload when they are first called, or looked at.

   A snapshot holds many functions that no training run called. What they are made of is in the payload as
   well, or in the runtime if it has the module frozen, as bytecode for a cold start. So the snapshot need not
   have it: such a function has another entry point, which puts in the code that belongs to it and calls it.

   What keeps CPython from running the code that stands in meanwhile: it calls functions by their entry point
   (PEP 590), and only if that is its own it goes round it; and it specialises instructions for functions that
   have a version, or have neither `*args` nor `**kwargs`. Such a function has no version, and what stands in
   has both. One instruction looks at neither, but at the class of which a function is the `__init__`: those
   that are entered so keep their code. If something runs what stands in all the same, it raises an exception. */

#ifndef OBELISK_SNAPSHOT_DEFERRED_H
#define OBELISK_SNAPSHOT_DEFERRED_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

/* Declared in an internal header (pycore_function.h). A version that is below the first is none. */
#define DEFERRED_VERSION_UNSET 0
#define DEFERRED_VERSION_FIRST 2
PyObject *_PyFunction_Vectorcall(PyObject *, PyObject *const *, size_t, PyObject *);
void _PyFunction_SetVersion(PyFunctionObject *, uint32_t);

/* A function without code, or the memory where one was. */
struct deferred_row {
    uint32_t place;  /* as `deferred_place` has it; they are sorted by it */
    uint16_t file;
    uint16_t number; /* of its code among those of the file */
};

/* The code objects of a file: the module's, and behind each those among its constants. */
struct deferred_codes {
    PyObject **items;
    size_t count;
    size_t room;
};

/* A file with such functions. */
struct deferred_file {
    PyObject *read_code; /* returns its code: `_obelisk_payload.code` or `_imp.get_frozen_object` */
    PyObject *path;      /* what that is given */
    PyObject *name;      /* `co_filename` */
    struct deferred_codes codes; /* none until the first of them is needed */
};

struct deferred {
    uintptr_t base;
    struct deferred_row *rows;
    size_t count;
    struct deferred_file *files;
    size_t file_count;
    PyObject *stand_in; /* the code that all have; its name stands in for their texts */
};

extern struct deferred deferred;

/* Say whether a function is without code. */
bool deferred_is(const PyFunctionObject *function);

/* Return a function's address as rows have it; 0 is none's. */
uint32_t deferred_place(const PyFunctionObject *function);

int deferred_compare(const void *one, const void *other);

/* Return a block that has room for one more than `count`, or NULL with an exception. */
void *deferred_grow(void *block, size_t count, size_t *room, size_t size);

/* Collect the code objects of a file, with borrowed references; false with an exception. */
bool deferred_collect(struct deferred_codes *codes, PyObject *code);

/* The entry point of such functions. */
PyObject *deferred_call(PyObject *function, PyObject *const *arguments, size_t count, PyObject *names);

/* Let a function have its code. Nothing of the program runs meanwhile, but for its audit hooks. Negative with
   an exception. */
int deferred_complete(PyFunctionObject *function);

/* What stands in for a function's qualified name and its documentation, which its code has. */
PyObject *deferred_text(void);

/* Let whoever looks at a function find all of it there. `referents` is `gc.get_referents`. Negative with an
   exception. */
int deferred_replace_looks(PyObject *referents);

/* Return how many functions were given their code. */
size_t deferred_completed(void);

/* What `_snapshot` has of this. */
extern PyMethodDef deferred_methods[];

#endif
