/* Makes requests of which some come in another order in a second attempt; ends with the number of the line that found
   something wrong. */

#include "snapshot/requests.h"

#include <stdbool.h>
#include <stdlib.h>

#define KINDS 64
#define TIMES 500
#define REQUIRE(condition)      \
    do {                        \
        if (!(condition)) {     \
            exit(__LINE__);     \
        }                       \
    } while (0)

static uint64_t first[KINDS][TIMES];

static int
compare(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one;
    uint64_t b = *(const uint64_t *)other;

    return (a > b) - (a < b);
}

static void
require_that_all_differ(void)
{
    static uint64_t sorted[KINDS * TIMES];

    for (size_t i = 0; i < KINDS * TIMES; i++) {
        sorted[i] = first[i / TIMES][i % TIMES];
        REQUIRE(sorted[i] != 0);
    }
    qsort(sorted, KINDS * TIMES, sizeof(sorted[0]), compare);
    for (size_t i = 1; i < KINDS * TIMES; i++) {
        REQUIRE(sorted[i - 1] != sorted[i]);
    }
}

/* Eight askers, for eight sizes each. */
static uint64_t
ask(size_t kind)
{
    return requests_key(kind / 8, 16 * (kind % 8));
}

int
main(void)
{
    void *memory = calloc(1, REQUESTS_MEMORY);
    void *again = calloc(1, REQUESTS_MEMORY);

    REQUIRE(memory != NULL && again != NULL);
    requests_begin(memory);
    for (size_t time = 0; time < TIMES; time++) {
        for (size_t kind = 0; kind < KINDS; kind++) {
            first[kind][time] = ask(kind);
        }
    }
    require_that_all_differ();
    requests_begin(again);
    for (size_t kind = KINDS; kind-- > 0;) {
        bool is_more = kind == 9; /* of which there are more now: that moves nothing else */
        for (size_t time = 0; time < TIMES + is_more; time++) {
            uint64_t key = ask(kind);
            REQUIRE(time == TIMES || key == first[kind][time]);
        }
    }
    free(memory);
    free(again);
    return 0;
}
