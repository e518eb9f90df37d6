/* What a start uses of the payload, noted in a file: only in the runtime that `obelisk build --train`
   runs. What is shipped has none of this. */

#ifndef OBELISK_FIRST_USE_H
#define OBELISK_FIRST_USE_H

/* Note records of the payload, from now on, when their stored bytes are about to be used, unless this
   process did before. The file is the one that the setting `first_use_log` names. */
void first_use_begin(void);

#endif
