/* Expanding what is stored as frames of zstd. See payload/payload.h and docs/reference/payload.md.

   A frame has the content of one record, or of several that share it: then it is expanded as a whole, and a
   record's part copied. A cold start reads neighbours in their order, so the last frames are kept. A thread
   takes a frame that is kept, so that no other has it, and puts it back: there is no lock that a child could
   find taken. */

#include "payload/payload.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#ifndef _WIN32
#include <sys/mman.h>
#endif

/* The content of a frame that is shared. */
struct content {
    const char *stored; /* the frame */
    uint64_t stored_size;
    uint64_t size;
    uint64_t room; /* for bytes */
    uint8_t compressed;
    char bytes[];
};

#define KEPT 8

static _Atomic(struct content *) kept[KEPT];
static atomic_uint oldest;
static atomic_bool is_keeping;

/* It is not the allocator's memory, which a snapshot has, with all that was written to it. */
static struct content *
map(uint64_t room)
{
#ifdef _WIN32
    struct content *content = malloc(sizeof(struct content) + room);
#else
    void *mapped = mmap(NULL, sizeof(struct content) + room, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct content *content = mapped != MAP_FAILED ? mapped : NULL;
#endif

    if (content != NULL) {
        content->room = room;
    }
    return content;
}

static void
release(struct content *content)
{
#ifdef _WIN32
    free(content);
#else
    if (content != NULL) {
        munmap(content, sizeof(struct content) + content->room);
    }
#endif
}

/* Return memory for a content of `size` bytes, or NULL: that of the content which is the next to be dropped, if it
   has the room. The kernel would have to clear new memory, page by page. */
static struct content *
reserve(uint64_t size)
{
    struct content *dropped = atomic_exchange(&kept[atomic_load(&oldest) % KEPT], NULL);

    if (dropped != NULL && dropped->room >= size) {
        return dropped;
    }
    release(dropped);
    return map(size);
}

/* Let a slot have `content`, which may be NULL. */
static void
put(unsigned slot, struct content *content)
{
    release(atomic_exchange(&kept[slot % KEPT], content));
}

/* Take the content of a record's frame from those that are kept, and say from which slot; NULL if it is not. */
static struct content *
take(const struct payload_record *record, const char *stored, unsigned *slot)
{
    for (unsigned i = 0; i < KEPT; i++) {
        struct content *content = atomic_exchange(&kept[i], NULL);

        if (content != NULL && content->stored == stored
            && content->stored_size == record->stored
            && content->compressed == record->compressed) {
            *slot = i;
            return content;
        }
        if (content != NULL) {
            put(i, content);
        }
    }
    return NULL;
}

void
payload_keep_frames(bool is_kept)
{
    atomic_store(&is_keeping, is_kept);
    for (unsigned i = 0; i < KEPT && !is_kept; i++) {
        put(i, NULL);
    }
}

/* Return how large the content of a frame is, by what it says itself: no size that is allowed if it says none. */
static uint64_t
content_size(const struct payload *payload, const struct payload_record *record)
{
    return ZSTD_getFrameContentSize(payload->base + record->offset, record->stored);
}

static bool
is_shared(const struct payload_record *record, uint64_t size)
{
    return record->begin != 0 || record->size != size;
}

/* Does a frame with a content of `size` bytes have the record's part? */
static bool
has_part(const struct payload_record *record, uint64_t size)
{
    return size <= PAYLOAD_SHARED_MOST && record->begin <= size
           && record->size <= size - record->begin;
}

/* The `size` bytes of a frame's content are written to `into`; `context` is NULL where there is no memory for
   one. The stored bytes are intact. */
static int
expand(const struct payload *payload, const struct payload_record *record, void *into, uint64_t size,
       ZSTD_DCtx *context)
{
    struct payload_span known = payload_dictionary(payload, record);
    size_t done;

    if (context == NULL) {
        return ENOMEM;
    }
    done = ZSTD_decompress_usingDict(context, into, size, payload->base + record->offset,
                                     record->stored, known.start, known.size);
    if (ZSTD_getErrorCode(done) == ZSTD_error_memory_allocation) {
        return ENOMEM;
    }
    if (done != size) {
        payload_mismatch(payload, record);
    }
    return 0;
}

static int
expand_whole(const struct payload *payload, const struct payload_record *record, void *into, uint64_t size)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    int status = expand(payload, record, into, size, context);

    ZSTD_freeDCtx(context);
    return status;
}

/* Expand a frame, and copy the record's part of its content. */
static int
expand_part(const struct payload *payload, const struct payload_record *record, void *into, uint64_t size)
{
    struct content *content;
    int status;

    if (!has_part(record, size)) {
        payload_mismatch(payload, record);
    }
    content = reserve(size);
    if (content == NULL) {
        return ENOMEM;
    }
    *content = (struct content){(const char *)payload->base + record->offset, record->stored, size,
                                content->room, record->compressed};
    status = expand_whole(payload, record, content->bytes, size);
    if (status == 0) {
        memcpy(into, content->bytes + record->begin, record->size);
    }
    if (status == 0 && atomic_load(&is_keeping)) {
        put(atomic_fetch_add(&oldest, 1), content);
    }
    else {
        release(content);
    }
    return status;
}

/* Copy the record's part of a frame that is kept, whose stored bytes were intact when it was expanded. */
static bool
copy_kept(const struct payload *payload, const struct payload_record *record, void *into)
{
    unsigned slot;
    struct content *content = take(record, payload_unchecked(payload, record).start, &slot);
    bool has = content != NULL && has_part(record, content->size);

    if (has) {
        memcpy(into, content->bytes + record->begin, record->size);
    }
    if (content != NULL) {
        put(slot, content);
    }
    return has;
}

int
payload_expand(const struct payload *payload, const struct payload_record *record, void *into)
{
    struct payload_span bytes;
    uint64_t size;

    if (record->compressed && atomic_load(&is_keeping) && copy_kept(payload, record, into)) {
        return 0;
    }
    bytes = payload_stored(payload, record);
    if (!record->compressed) {
        memcpy(into, bytes.start, bytes.size);
        return 0;
    }
    size = content_size(payload, record);
    return is_shared(record, size) ? expand_part(payload, record, into, size)
                                   : expand_whole(payload, record, into, size);
}

/* Return where the content of a shared frame goes in memory that is given: behind zstd's. */
static size_t
room_of_context(void)
{
    return (ZSTD_estimateDCtxSize() + 7) & ~(size_t)7;
}

size_t
payload_room(const struct payload *payload, const struct payload_record *record)
{
    uint64_t size = record->compressed ? content_size(payload, record) : record->size;

    return room_of_context() + (is_shared(record, size) && has_part(record, size) ? size : 0);
}

int
payload_expand_in(const struct payload *payload, const struct payload_record *record, void *into,
                  void *memory)
{
    char *content = (char *)memory + room_of_context();
    ZSTD_DCtx *context = ZSTD_initStaticDCtx(memory, room_of_context());
    uint64_t size;
    int status;

    payload_stored(payload, record);
    size = content_size(payload, record);
    if (!is_shared(record, size)) {
        return expand(payload, record, into, size, context);
    }
    if (!has_part(record, size)) {
        payload_mismatch(payload, record);
    }
    status = expand(payload, record, content, size, context);
    if (status == 0) {
        memcpy(into, content + record->begin, record->size);
    }
    return status;
}
