/* What other processes see of this one's arguments (`ps`, /proc/PID/cmdline). */

#ifndef OBELISK_COMMAND_LINE_H
#define OBELISK_COMMAND_LINE_H

/* Show them from `first` on, a character of the first argument as the kernel laid it out. Where the
   kernel cannot do that nothing changes. */
void command_line_begin(const char *first);

#endif
