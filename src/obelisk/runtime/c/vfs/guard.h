/* A lock for a few instructions that nobody waits for without end.

   It may be asked for in a child that was forked while another thread had it, or in a signal handler:
   whoever does not get it does without what it guards. */

#ifndef OBELISK_VFS_GUARD_H
#define OBELISK_VFS_GUARD_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#define VFS_GUARD_ATTEMPTS 2000

static inline bool
vfs_guard_enter(atomic_flag *guard)
{
    for (int i = 0; i < VFS_GUARD_ATTEMPTS; i++) {
        if (!atomic_flag_test_and_set_explicit(guard, memory_order_acquire)) {
            return true;
        }
        sched_yield();
    }
    return false;
}

static inline void
vfs_guard_leave(atomic_flag *guard)
{
    atomic_flag_clear_explicit(guard, memory_order_release);
}

#endif
