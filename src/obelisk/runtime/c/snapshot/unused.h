/* What malloc's free memory held: it is not to be in a snapshot. */

#ifndef OBELISK_SNAPSHOT_UNUSED_H
#define OBELISK_SNAPSHOT_UNUSED_H

/* From now on, let malloc give memory that it has no use for back to the kernel at once. */
void unused_begin(void);

/* As before that. Let each free block of this thread be zero, but for what malloc itself keeps in it. */
void unused_end(void);

#endif
