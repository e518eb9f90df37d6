/* The extension modules that are linked in: libraries (DLL) at addresses chosen when the executable was
   built, which Windows's loader has relocated with it. link/pe/objects.py writes the table. */

#ifndef OBELISK_PE_OBJECTS_H
#define OBELISK_PE_OBJECTS_H

#include <windows.h>

/* Find a symbol that a linked library exports: as GetProcAddress does, for what LoadLibraryExW gave.
   Returns false when `module` is none of them. */
int pe_objects_symbol(HMODULE module, const char *name, FARPROC *found);

#endif
