/* The number of processors, as libraries know it. */

#ifndef OBELISK_SNAPSHOT_PROCESSORS_H
#define OBELISK_SNAPSHOT_PROCESSORS_H

/* Remember how many there are while a snapshot is made. */
void processors_keep(void);

/* Tell libraries that are loaded how many there are now, if that is another number. */
void processors_renew(void);

#endif
