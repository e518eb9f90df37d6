/* Clearing malloc's free memory. See snapshot/unused.h. */

#include "snapshot/unused.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DECOMMIT_DELAY 15 /* mi_option_decommit_delay: after so many milliseconds */

/* As in mimalloc.h, which no sysroot has. */
struct area {
    char *blocks;
    size_t reserved; /* bytes */
    size_t committed;
    size_t used;
    size_t block_size;
    size_t full_block_size; /* from one block to the next */
};
typedef bool visitor(const void *heap, const struct area *area, void *block, size_t size, void *argument);
bool mi_heap_visit_blocks(const void *heap, bool blocks, visitor *visitor, void *argument);
void *mi_heap_get_default(void);
void mi_collect(bool force);
long mi_option_get(int option);
void mi_option_set(int option, long value);

static long delay;

/* Blocks that are not visited, of the area that is: they are free. */
struct passed {
    char *next;
    char *end;
    size_t size;
};

void
unused_begin(void)
{
    delay = mi_option_get(DECOMMIT_DELAY);
    mi_option_set(DECOMMIT_DELAY, 0);
}

/* A free block begins with a reference to the next. */
static void
clear_up_to(struct passed *passed, char *end)
{
    while (passed->next != NULL && passed->next < end) {
        memset(passed->next + sizeof(void *), 0, passed->size - sizeof(void *));
        passed->next += passed->size;
    }
}

/* Areas come before their blocks, and blocks in the order of their addresses. */
static bool
pass(const void *heap, const struct area *area, void *block, size_t size, void *argument)
{
    struct passed *passed = argument;

    (void)heap;
    (void)size;
    if (block == NULL) {
        clear_up_to(passed, passed->end);
        *passed = (struct passed){area->blocks, area->blocks + area->committed, area->full_block_size};
        memset(passed->end, 0, area->reserved - area->committed);
    }
    else {
        clear_up_to(passed, block);
        passed->next = (char *)block + passed->size;
    }
    return true;
}

void
unused_end(void)
{
    struct passed passed = {NULL, NULL, 0};

    mi_collect(true);
    mi_heap_visit_blocks(mi_heap_get_default(), true, pass, &passed);
    clear_up_to(&passed, passed.end);
    mi_option_set(DECOMMIT_DELAY, delay);
}
