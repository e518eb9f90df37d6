/* What calls that start a process ask (exec/self_exec.h). */

#ifndef OBELISK_WINDOWS_SELF_EXEC_H
#define OBELISK_WINDOWS_SELF_EXEC_H

#include <stdbool.h>
#include <wchar.h>

/* What a process of this executable is to be that is about to be started. */
struct self_exec_start {
    bool is_python;         /* it is given a permission: `mark` is written before its name */
    wchar_t mark[34];       /* the token and `|`; empty without a permission */
    wchar_t *environment;   /* as CreateProcessW takes it; to be freed */
};

/* Decide that for a program that is this executable, and the words behind its name. `environment` is what
   it is to be given, NULL for that of this process. Returns false, with the last error set, when it cannot
   be started as what it is to be. */
bool self_exec_begin(wchar_t *const *arguments, const wchar_t *environment,
                     struct self_exec_start *start);

/* Say whether children are looked at, which is so once it is known what this process is, and whether it
   is this executable that a path leads to. */
bool self_exec_starts_own(const wchar_t *path);

#endif
