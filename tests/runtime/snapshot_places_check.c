/* Takes blocks of all sizes with and without a place, gives them back, and clears what is left; ends with the number
   of the line that found something wrong. */

#include "snapshot/places.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "os/os.h"

#define START 0x200000000000UL
#define COPY 0x300000000000UL
#define REQUIRE(condition)      \
    do {                        \
        if (!(condition)) {     \
            exit(__LINE__);     \
        }                       \
    } while (0)

void *__real___mmap(void *, size_t, int, int, int, off_t);

void *
__real___mmap(void *address, size_t size, int rights, int flags, int file, off_t offset)
{
    return mmap(address, size, rights, flags, file, offset);
}

_Noreturn void
os_die_of_error(const char *message)
{
    (void)message;
    exit(1);
}

/* A block that was used before is large enough, and its neighbours stay as they are. */
static void
check_sizes(void)
{
    for (size_t size = 0; size < 70000; size += size < 2100 ? 1 : 701) {
        bool is_zero;
        char *first = places_take(0, size, &is_zero);
        char *second = places_take(0, size, &is_zero);
        char *third = places_take(0, size, &is_zero);

        REQUIRE(((uintptr_t)first | (uintptr_t)second | (uintptr_t)third) % 16 == 0);
        memset(first, 1, size);
        memset(third, 3, size);
        memset(second, 2, size);
        for (size_t i = 0; i < size; i++) {
            REQUIRE(first[i] == 1 && second[i] == 2 && third[i] == 3);
        }
        places_give_back(second, size);
        REQUIRE(places_take(0, size, &is_zero) == second && !is_zero);
        places_give_back(first, size);
        places_give_back(second, size);
        places_give_back(third, size);
    }
}

static void
check_places(void)
{
    bool is_zero = false;
    char *placed = places_take(1, 100, &is_zero);
    char *other;

    REQUIRE(placed == (char *)START && is_zero);
    REQUIRE(places_take(1, 1, &is_zero) == placed + 112);
    REQUIRE(places_take(3, 0, &is_zero) == placed + 4096);
    other = places_take(2, 16, &is_zero); /* there is no room in it */
    REQUIRE(other >= placed + 12288);
    REQUIRE(places_take(PLACES_DENSE, 8, &is_zero) == placed + 8192);
    REQUIRE(places_take(PLACES_DENSE, 0, &is_zero) == placed + 8200);
    placed[8192] = placed[8199] = placed[8200] = 1;
    places_give_back(placed + 8192, 8); /* it is cleared, and what is behind it is not */
    REQUIRE(placed[8192] == 0 && placed[8199] == 0 && placed[8200] == 1);
    REQUIRE(places_take(PLACES_DENSE, 7, &is_zero) == placed + 8208);
    REQUIRE(places_take(PLACES_DENSE, 16, &is_zero) == placed + 8216);
    places_give_back(placed, 100); /* it keeps its place */
    REQUIRE(places_take(1, 100, &is_zero) == placed + 128);
    REQUIRE(places_take(1, 4096, &is_zero) >= (void *)(placed + 12288));
    REQUIRE(places_have(placed) && places_have(other) && !places_have(&is_zero));
    REQUIRE(places_behind(placed) > 12288 && places_behind(placed) % 4096 == 0);
}

/* Behind the last block there are zeros to be read, and little more. */
static void
check_end(const char *end)
{
    REQUIRE(places_behind(end) >= PLACES_READABLE && places_behind(end) < PLACES_READABLE + 4096);
    for (size_t i = 0; i < places_behind(end); i++) {
        REQUIRE(end[i] == 0);
    }
}

/* Only what is in the table stays. */
static void
check_clearing(void)
{
    bool is_zero;
    char *gone = places_take(0, 200000, &is_zero);
    char *kept = places_take(0, 90001, &is_zero);
    char *behind = places_take(0, 40000000, &is_zero);
    struct block table[3] = {{0, 0, 0, 0}, {(uintptr_t)kept, 7, 90001 | PLACES_OBJECT, 0}, {(uintptr_t)gone, 0, 9, 0}};

    memset(gone, 1, 200000);
    memset(kept, 2, 90001);
    memset(behind, 3, 40000000);
    places_clear(table, 3, COPY);
    for (size_t i = 0; i < 200000; i++) {
        REQUIRE(gone[i] == 0);
    }
    for (size_t i = 0; i < 90001; i++) {
        REQUIRE(kept[i] == 2);
    }
    check_end(kept + 90001);
    REQUIRE(!places_have(behind + 8192 + PLACES_READABLE));
}

/* Where all blocks have places, or those without are gone. */
static void
check_clearing_of_all(void)
{
    struct block none = {0, 0, 0, 0};

    places_clear(&none, 1, COPY);
    check_end((char *)START + 12288);
    places_clear(&none, 1, COPY);
    check_end((char *)START + 12288);
}

int
main(void)
{
    static const uint64_t sizes[PLACES] = {4096, 0, 4096, 4096};

    places_begin(START, sizes);
    check_places();
    check_sizes();
    check_clearing();
    check_clearing_of_all();
    return 0;
}
