/* Making a snapshot: the modules are imported, and a child writes its memory. See snapshot/snapshot.h.

   A child, because libc and libraries put themselves in order when a process forks: threads of linked
   objects end, locks are free. What goes on from the snapshot does what a child does then. */

#include "snapshot/snapshot.h"

#include <Python.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/process.h"
#include "exec/scratch.h"
#include "os/os.h"
#include "payload/settings.h"
#include "snapshot/blocks.h"
#include "snapshot/lookups.h"
#include "snapshot/machine.h"
#include "snapshot/signals.h"
#include "snapshot/stack.h"
#include "snapshot/unused.h"

/* Of mimalloc. What a process asks for that goes on is not in pages of the snapshot, which would have to be
   copied. */
void *mi_heap_new(void);
void *mi_heap_set_default(void *heap);

/* The program's `sys.stderr` may be no stream any more. */
static void
tell_exception(void)
{
    PyObject *error = PyErr_GetRaisedException();
    PyObject *stream = PyFile_FromFd(STDERR_FILENO, NULL, "w", -1, NULL, NULL, NULL, 0);

    PyErr_Clear();
    if (stream != NULL) {
        PySys_SetObject("stderr", stream);
        Py_DECREF(stream);
    }
    PyErr_SetRaisedException(error);
    PyErr_Print();
}

/* Return the values of a setting of which there may be many. */
static PyObject *
setting_list(const char *name)
{
    size_t size = strlen(name);
    PyObject *list = PyList_New(0);

    for (const char *entry = settings_next(NULL); entry != NULL && list != NULL;
         entry = settings_next(entry)) {
        PyObject *value;

        if (strncmp(entry, name, size) != 0 || entry[size] != '=') {
            continue;
        }
        value = PyUnicode_DecodeFSDefault(entry + size + 1);
        if (value == NULL || PyList_Append(list, value) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(value);
    }
    return list;
}

/* Return whether the memory may be written. What imports and checks is Python (frozen/snapshot.py): an
   exception of it ends the process. */
static bool
import_modules(void)
{
    PyObject *module = PyImport_ImportModule("_obelisk_snapshot");
    PyObject *imports = setting_list("snapshot_import");
    PyObject *excluded = setting_list("snapshot_exclude");
    bool is_fine;
    PyObject *result = module && imports && excluded
                           ? PyObject_CallMethod(module, "prepare", "(OO)", imports, excluded)
                           : NULL;

    if (result == NULL) {
        tell_exception();
        fflush(NULL);
        _exit(1);
    }
    is_fine = Py_IsTrue(result) != 0;
    Py_DECREF(result);
    Py_DECREF(imports);
    Py_DECREF(excluded);
    Py_DECREF(module);
    return is_fine;
}

/* Return where musl has the thread's number: in struct pthread. */
static int *
thread_number(void)
{
    return (int *)(void *)((char *)__builtin_thread_pointer() + 6 * sizeof(void *));
}

/* What differs between two processes that do the same, and is set anew in one that goes on. */
static void
leave_process(void)
{
    int *number = thread_number();

    for (int use = 0; use < SCRATCH_USES; use++) {
        scratch_release((enum scratch_use)use);
    }
    process_renew();
    os_forget_executable();
    if (*number == (int)machine_call(SYS_gettid, 0, 0, 0, 0, 0, 0)) {
        *number = 0;
    }
    PyThreadState_GetUnchecked()->native_thread_id = 0;
}

static _Noreturn void
write_memory(void)
{
    const char *path = snapshot_dump_path;

    leave_process();
    lookups_forget_passing();
    if (!blocks_end()) {
        os_die_of_error("cannot write the snapshot's blocks");
    }
    unused_end();
    mi_heap_set_default(mi_heap_new());
    snapshot_keep_thread();
    snapshot_dump_path = NULL;
    snapshot_report_path = NULL;
    if (!snapshot_dump(path)) {
        os_die_of_error("cannot write the snapshot");
    }
    _exit(0);
}

void
snapshot_prepare(void)
{
    int status = 0;
    pid_t child;

    unused_begin();
    *thread_number() = NUMBER_WHILE_PREPARING; /* libc uses it as the owner of what is locked */
    stack_clear();
    signals_begin();
    snapshot_watch(true);
    if (!import_modules()) {
        fflush(NULL);
        _exit(0);
    }
    snapshot_watch(false); /* what follows is ours, such as the path of a file to write to */
    snapshot_forget_noted();
    signals_end();
    fflush(NULL);
    PyOS_BeforeFork();
    child = fork();
    if (child == 0) {
        write_memory();
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        os_die(OS_EXIT_FAILED, "cannot make a snapshot: the process that writes it failed");
    }
    _exit(0);
}
