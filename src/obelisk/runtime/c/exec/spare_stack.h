/* A call on a stack of its own: what is executed in a child of posix_spawn has 600 bytes left, too few
   to look a path up, to expand a file or to write one. */

#ifndef OBELISK_SPARE_STACK_H
#define OBELISK_SPARE_STACK_H

/* Call `function` on scratch memory, from a thread that is not there yet; return what it returns, or
   -1 with errno set when there is no memory. */
long spare_stack_call(long (*function)(void *), void *argument);

#endif
