/* The number of processors, as libraries know it. */

#ifndef OBELISK_SNAPSHOT_PROCESSORS_H
#define OBELISK_SNAPSHOT_PROCESSORS_H

/* How many there are for a process that makes a snapshot, however many there are. */
#define PROCESSORS_WHILE_PREPARING 2

/* Tell libraries that are loaded how many there are now, if that is another number. */
void processors_renew(void);

#endif
