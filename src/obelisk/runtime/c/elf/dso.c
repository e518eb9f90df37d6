/* Shared objects that are linked in: finding them, and setting them up when they are first opened.

   The linker resolved every symbol. What is left is what only the process can know or may need: the
   address it was mapped at, memory that can be written to, and constructors. See elf/dso.h. */

#include "elf/dso.h"

#include "os/os.h"

#include <link.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static const char magic[8] = "OBJECTS";

/* What was done with an object. A step that failed may be tried again, one that was done may not. */
enum state {
    RELOCATED = 1,
    SET_UP = 2,
    CONSTRUCTED = 4,
    GLOBAL = 8,
};

static const struct objects *table;
static uint8_t *states;
static uint32_t *loaded;
static uint32_t loaded_count;
static uint32_t *global;
static uint32_t global_count;
/* Recursive: a constructor may open another object. */
static pthread_mutex_t lock;

_Static_assert(sizeof(struct object) == 200, "objects are written with 200 bytes");
_Static_assert(sizeof(struct objects) == 96, "the header is written with 96 bytes");

const void *
objects_at(uint64_t place)
{
    return os_image + place;
}

static void *
writable(uint64_t place)
{
    return os_image + place;
}

static bool
protect(struct span span, int rights)
{
    return mprotect(writable(span.start), span.end - span.start, rights) == 0;
}

static void
initialise_lock(void)
{
    pthread_mutexattr_t kind;

    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock, &kind);
}

static void
take_lock(void)
{
    pthread_mutex_lock(&lock);
}

static void
release_lock(void)
{
    pthread_mutex_unlock(&lock);
}

static bool
is_intact(const struct objects *base, uint64_t size)
{
    uint64_t seed;

    if (size < sizeof(*base) || memcmp(base->magic, magic, sizeof(magic)) != 0
        || base->version != OBJECTS_VERSION || base->size < sizeof(*base) || base->size > size) {
        return false;
    }
    seed = XXH64(base, offsetof(struct objects, check), 0);
    return XXH64(base + 1, base->size - sizeof(*base), seed) == base->check;
}

void
objects_open(const struct objects *base, uint64_t size)
{
    const struct span *data;

    if (!is_intact(base, size)) {
        os_die(OS_EXIT_DAMAGED,
               "corrupt executable: checksum mismatch in the table of shared objects");
    }
    data = objects_at(base->data);
    for (uint64_t i = 0; i < base->data_count; i++) {
        if (!protect(data[i], PROT_READ)) {
            os_die_of_error("cannot make data of shared objects read-only");
        }
    }
    states = calloc(base->count, sizeof(*states));
    loaded = calloc(base->count, sizeof(*loaded));
    global = calloc(base->count, sizeof(*global));
    if (states == NULL || loaded == NULL || global == NULL) {
        os_die_of_error("cannot set up shared objects");
    }
    initialise_lock();
    /* A child has one thread, so nobody holds the lock there. */
    pthread_atfork(take_lock, release_lock, initialise_lock);
    table = base;
}

const struct objects *
objects_table(void)
{
    return table;
}

const struct object *
objects_get(uint32_t number)
{
    return (const struct object *)objects_at(table->objects) + number;
}

/* The position of the first name that is not less than `name`. */
static uint64_t
lower_bound(const struct object_name *names, const char *name)
{
    uint64_t low = 0;
    uint64_t high = table->name_count;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (strcmp(objects_at(names[middle].text), name) < 0) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

int64_t
objects_find(const char *name)
{
    const struct object_name *names;
    uint64_t place;

    if (table == NULL) {
        return -1;
    }
    names = objects_at(table->names);
    place = lower_bound(names, name);
    if (place == table->name_count || strcmp(objects_at(names[place].text), name) != 0) {
        return -1;
    }
    return (int64_t)names[place].number;
}

const char *
objects_named(const char *start)
{
    const struct object_name *names;

    if (table == NULL) {
        return NULL;
    }
    names = objects_at(table->names);
    for (uint64_t i = lower_bound(names, start); i < table->name_count; i++) {
        const char *name = objects_at(names[i].text);
        if (strncmp(name, start, strlen(start)) != 0) {
            return NULL;
        }
        if (strchr(name, '/') == NULL) {
            return name;
        }
    }
    return NULL;
}

/* Add what the executable's address is above the expected one to all words that hold addresses: DT_RELR of the
   System V ABI. */
static void
add_base(const uint64_t *words, uint32_t count)
{
    uint64_t base = (uint64_t)os_image - table->image;
    uint64_t *place = NULL;

    for (uint32_t i = 0; i < count && base != 0; i++) {
        if ((words[i] & 1) == 0) {
            place = writable(words[i]);
            *place++ += base;
            continue;
        }
        for (uint64_t bits = words[i] >> 1, *next = place; bits != 0; bits >>= 1, next++) {
            if (bits & 1) {
                *next += base;
            }
        }
        place += 63;
    }
}

/* To protect the same pages again does no harm; to relocate again does. */
static bool
set_up(uint32_t number)
{
    const struct object *object = objects_get(number);
    const struct span *spans = objects_at(object->writable);

    for (uint32_t i = 0; i < object->writable_count; i++) {
        if (!protect(spans[i], PROT_READ | PROT_WRITE)) {
            return false;
        }
    }
    if (!(states[number] & RELOCATED)) {
        add_base(objects_at(object->relr), object->relr_count);
        states[number] |= RELOCATED;
    }
    return object->relro.start == object->relro.end || protect(object->relro, PROT_READ);
}

static void
construct(const struct object *object)
{
    void (*const *functions)(void) = objects_at(object->init_array);

    if (object->init != 0) {
        ((void (*)(void))(uintptr_t)objects_at(object->init))();
    }
    for (uint32_t i = 0; i < object->init_count; i++) {
        /* -1 and 0 mark the ends of the table in old objects. */
        if ((uintptr_t)functions[i] + 1 > 1) {
            functions[i]();
        }
    }
}

static bool
set_up_all(const uint32_t *order, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (states[order[i]] & SET_UP) {
            continue;
        }
        if (!set_up(order[i])) {
            return false;
        }
        states[order[i]] |= SET_UP;
        loaded[loaded_count] = order[i];
        /* dl_iterate_phdr reads without the lock. */
        __atomic_store_n(&loaded_count, loaded_count + 1, __ATOMIC_RELEASE);
    }
    return true;
}

/* What is opened comes before what it needs, as when a dynamic linker had loaded them. */
static void
make_global(const uint32_t *closure, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!(states[closure[i]] & GLOBAL)) {
            states[closure[i]] |= GLOBAL;
            global[global_count] = closure[i];
            __atomic_store_n(&global_count, global_count + 1, __ATOMIC_RELEASE);
        }
    }
}

bool
objects_load(uint32_t number, bool for_all)
{
    const struct object *object = objects_get(number);
    const uint32_t *order = objects_at(object->order);
    bool done;

    take_lock();
    done = set_up_all(order, object->closure_count);
    for (uint32_t i = 0; done && i < object->closure_count; i++) {
        if (!(states[order[i]] & CONSTRUCTED)) {
            states[order[i]] |= CONSTRUCTED;
            construct(objects_get(order[i]));
        }
    }
    if (done && for_all) {
        make_global(objects_at(object->closure), object->closure_count);
    }
    release_lock();
    return done;
}

bool
objects_is_loaded(uint32_t number)
{
    return states[number] & SET_UP;
}

uint32_t
objects_global_count(void)
{
    return __atomic_load_n(&global_count, __ATOMIC_ACQUIRE);
}

uint32_t
objects_global(uint32_t position)
{
    return global[position];
}

uint32_t
objects_loaded_count(void)
{
    return __atomic_load_n(&loaded_count, __ATOMIC_ACQUIRE);
}

uint32_t
objects_loaded(uint32_t position)
{
    return loaded[position];
}

int64_t
objects_around(const void *address)
{
    uint64_t place = (uint64_t)address - (uint64_t)os_image;

    for (uint32_t i = 0; i < objects_loaded_count(); i++) {
        const struct object *object = objects_get(objects_loaded(i));
        if (place >= object->base && place < object->end) {
            return objects_loaded(i);
        }
    }
    return -1;
}

/* The linker lists this among the executable's own destructors: they run after all functions that
   were registered with atexit, as a dynamic linker does it. */
__attribute__((destructor)) static void
destruct_all(void)
{
    for (uint32_t i = objects_loaded_count(); i > 0; i--) {
        const struct object *object = objects_get(loaded[i - 1]);
        void (*const *functions)(void) = objects_at(object->fini_array);

        if (!(states[loaded[i - 1]] & CONSTRUCTED)) {
            continue;
        }
        for (uint32_t k = object->fini_count; k > 0; k--) {
            functions[k - 1]();
        }
        if (object->fini != 0) {
            ((void (*)(void))(uintptr_t)objects_at(object->fini))();
        }
    }
}
