/* What calls leave on the stack while a snapshot is prepared. */

#ifndef OBELISK_SNAPSHOT_STACK_H
#define OBELISK_SNAPSHOT_STACK_H

/* Let what is left of calls that returned be zero. Native code copies some of it, in fields that it has no use for,
   to memory that is kept; and the kernel's answers are not the same in each build. */
void stack_clear(void);

#endif
