/* Room for program headers that `link` adds: a note that stands between the header table, which
   every linker puts first, and all other content. `link` writes over it. */

#include <elf.h>
#include <link.h>

#define RESERVED_HEADERS 16

__attribute__((section(".note.obelisk"), used, aligned(8)))
static const char reserve[RESERVED_HEADERS * sizeof(ElfW(Phdr))];
