/* What a start uses of the payload, noted in a file: only in the runtime that `obelisk build --train`
   runs. What is shipped has none of this. */

#ifndef OBELISK_FIRST_USE_H
#define OBELISK_FIRST_USE_H

#include "payload/payload.h"

/* Note that the stored bytes of a record are about to be used, unless this process did before. The file
   is the one that the setting `first_use_log` names. May be called by any thread, and by a child of
   vfork. */
void first_use(const struct payload *payload, const struct payload_record *record);

#endif
