/* The calls of sched.h that musl answers with ENOSYS, because Linux has them for threads and POSIX for
   processes. Programs made for Linux mean Linux. */

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

int __wrap_sched_getscheduler(pid_t);
int __wrap_sched_setscheduler(pid_t, int, const struct sched_param *);
int __wrap_sched_getparam(pid_t, struct sched_param *);
int __wrap_sched_setparam(pid_t, const struct sched_param *);

int
__wrap_sched_getscheduler(pid_t thread)
{
    return (int)syscall(SYS_sched_getscheduler, thread);
}

int
__wrap_sched_setscheduler(pid_t thread, int policy, const struct sched_param *param)
{
    return (int)syscall(SYS_sched_setscheduler, thread, policy, param);
}

int
__wrap_sched_getparam(pid_t thread, struct sched_param *param)
{
    return (int)syscall(SYS_sched_getparam, thread, param);
}

int
__wrap_sched_setparam(pid_t thread, const struct sched_param *param)
{
    return (int)syscall(SYS_sched_setparam, thread, param);
}
