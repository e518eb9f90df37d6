/* Python's cache of which attributes classes have: its entries hold the names that were looked up.

   Which entry a name takes is by its address, so where new names are decides which old ones a process lets
   go. Of those that only the cache holds it would write to the memory, and where new names are depends on
   how long the path of a folder is, or a variable. */

#ifndef OBELISK_SNAPSHOT_LOOKUPS_H
#define OBELISK_SNAPSHOT_LOOKUPS_H

/* Forget entries whose names are not immortal (snapshot/immortal.h): nobody finds them again. */
void lookups_forget_passing(void);

/* Write to each page of the cache, as a program does sooner or later. */
void lookups_touch(void);

#endif
