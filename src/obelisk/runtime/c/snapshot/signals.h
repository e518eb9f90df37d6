/* What the kernel does at signals, which is not memory: a process that goes on from a snapshot has it anew. */

#ifndef OBELISK_SNAPSHOT_SIGNALS_H
#define OBELISK_SNAPSHOT_SIGNALS_H

/* Look at it before modules are imported, and after. */
void signals_begin(void);
void signals_end(void);

/* Do what was changed between the two: also what Python does not know, such as a handler in C, its flags, and the
   stack that it runs on. */
void signals_renew(void);

#endif
