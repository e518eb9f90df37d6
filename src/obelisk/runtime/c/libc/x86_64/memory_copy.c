/* memcpy, memmove and memset with SSE2 and AVX2, in place of musl's.

   musl copies with `rep movsq`, which costs much for small sizes. Small sizes are done here with loads
   that overlap, so without loops: everything is read before anything is written. Sizes are bytes. */

#include "libc/x86_64/memory.h"

#include <string.h>

/* From here on the processor's own string instructions are the fastest (ERMS, since 2013). */
#define LARGE 2048
#define WIDE_LARGE 4096

/* Copy up to 16 bytes. */
static inline void
copy_to_16(unsigned char *to, const unsigned char *from, size_t size)
{
    if (size >= 8) {
        word8 head = *(const word8 *)from;
        word8 tail = *(const word8 *)(from + size - 8);
        *(word8 *)to = head;
        *(word8 *)(to + size - 8) = tail;
    }
    else if (size >= 4) {
        word4 head = *(const word4 *)from;
        word4 tail = *(const word4 *)(from + size - 4);
        *(word4 *)to = head;
        *(word4 *)(to + size - 4) = tail;
    }
    else if (size >= 2) {
        word2 head = *(const word2 *)from;
        word2 tail = *(const word2 *)(from + size - 2);
        *(word2 *)to = head;
        *(word2 *)(to + size - 2) = tail;
    }
    else if (size == 1) {
        *to = *from;
    }
}

/* Copy 17 to 64 bytes. */
static inline void
copy_to_64(unsigned char *to, const unsigned char *from, size_t size)
{
    __m128i a = load(from);
    __m128i b = load(from + size - 16);

    if (size > 32) {
        __m128i c = load(from + 16);
        __m128i d = load(from + size - 32);
        store(to + 16, c);
        store(to + size - 32, d);
    }
    store(to, a);
    store(to + size - 16, b);
}

/* Copy 65 to 128 bytes. */
static inline void
copy_to_128(unsigned char *to, const unsigned char *from, size_t size)
{
    __m128i a = load(from);
    __m128i b = load(from + 16);
    __m128i c = load(from + 32);
    __m128i d = load(from + 48);
    __m128i w = load(from + size - 64);
    __m128i x = load(from + size - 48);
    __m128i y = load(from + size - 32);
    __m128i z = load(from + size - 16);

    store(to, a);
    store(to + 16, b);
    store(to + 32, c);
    store(to + 48, d);
    store(to + size - 64, w);
    store(to + size - 48, x);
    store(to + size - 32, y);
    store(to + size - 16, z);
}

/* Copy more than 128 bytes from low to high addresses; the last 64 are read first. */
static inline void
copy_forward(unsigned char *to, const unsigned char *from, size_t size)
{
    const unsigned char *end = from + size - 64;
    unsigned char *to_end = to + size - 64;
    __m128i a = load(end);
    __m128i b = load(end + 16);
    __m128i c = load(end + 32);
    __m128i d = load(end + 48);

    for (; from < end; from += 64, to += 64) {
        __m128i w = load(from);
        __m128i x = load(from + 16);
        __m128i y = load(from + 32);
        __m128i z = load(from + 48);
        store(to, w);
        store(to + 16, x);
        store(to + 32, y);
        store(to + 48, z);
    }
    store(to_end, a);
    store(to_end + 16, b);
    store(to_end + 32, c);
    store(to_end + 48, d);
}

/* Copy more than 128 bytes from high to low addresses; the first 64 are read first. */
static inline void
copy_backward(unsigned char *to, const unsigned char *from, size_t size)
{
    __m128i a = load(from);
    __m128i b = load(from + 16);
    __m128i c = load(from + 32);
    __m128i d = load(from + 48);

    for (; size > 64; size -= 64) {
        __m128i w = load(from + size - 16);
        __m128i x = load(from + size - 32);
        __m128i y = load(from + size - 48);
        __m128i z = load(from + size - 64);
        store(to + size - 16, w);
        store(to + size - 32, x);
        store(to + size - 48, y);
        store(to + size - 64, z);
    }
    store(to, a);
    store(to + 16, b);
    store(to + 32, c);
    store(to + 48, d);
}

/* Copy more than 128 bytes from low to high addresses, in the loop to aligned blocks; the first 32 and
   the last 128 are read first. */
WIDE_FUNCTION static void
wide_forward(unsigned char *to, const unsigned char *from, size_t size)
{
    unsigned char *start = to;
    unsigned char *to_end = to + size - 128;
    size_t skip = WIDE_BLOCK - ((uintptr_t)to & (WIDE_BLOCK - 1));
    const unsigned char *end = from + size - 128;
    __m256i head = wide_load(from);
    __m256i a = wide_load(end);
    __m256i b = wide_load(end + 32);
    __m256i c = wide_load(end + 64);
    __m256i d = wide_load(end + 96);

    for (from += skip, to += skip; from < end; from += 128, to += 128) {
        __m256i w = wide_load(from);
        __m256i x = wide_load(from + 32);
        __m256i y = wide_load(from + 64);
        __m256i z = wide_load(from + 96);
        wide_store(to, w);
        wide_store(to + 32, x);
        wide_store(to + 64, y);
        wide_store(to + 96, z);
    }
    wide_store(start, head);
    wide_store(to_end, a);
    wide_store(to_end + 32, b);
    wide_store(to_end + 64, c);
    wide_store(to_end + 96, d);
}

/* Copy more than 128 bytes from high to low addresses; the first 128 are read first. */
WIDE_FUNCTION static void
wide_backward(unsigned char *to, const unsigned char *from, size_t size)
{
    __m256i a = wide_load(from);
    __m256i b = wide_load(from + 32);
    __m256i c = wide_load(from + 64);
    __m256i d = wide_load(from + 96);

    for (; size > 128; size -= 128) {
        __m256i w = wide_load(from + size - 32);
        __m256i x = wide_load(from + size - 64);
        __m256i y = wide_load(from + size - 96);
        __m256i z = wide_load(from + size - 128);
        wide_store(to + size - 32, w);
        wide_store(to + size - 64, x);
        wide_store(to + size - 96, y);
        wide_store(to + size - 128, z);
    }
    wide_store(to, a);
    wide_store(to + 32, b);
    wide_store(to + 64, c);
    wide_store(to + 96, d);
}

static inline void
copy_large(unsigned char *to, const unsigned char *from, size_t size)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

FUNCTION void *
memmove(void *to, const void *from, size_t size)
{
    if (size <= 16) {
        copy_to_16(to, from, size);
    }
    else if (size <= 64) {
        copy_to_64(to, from, size);
    }
    else if (size <= 128) {
        copy_to_128(to, from, size);
    }
    else if ((uintptr_t)to - (uintptr_t)from < size) {
        if (memory_is_wide()) {
            wide_backward(to, from, size);
        }
        else {
            copy_backward(to, from, size);
        }
    }
    else if (size >= WIDE_LARGE && (uintptr_t)from - (uintptr_t)to >= size) {
        copy_large(to, from, size);
    }
    else if (memory_is_wide()) {
        wide_forward(to, from, size);
    }
    else {
        copy_forward(to, from, size);
    }
    return to;
}

FUNCTION void *
memcpy(void *restrict to, const void *restrict from, size_t size)
{
    if (size <= 16) {
        copy_to_16(to, from, size);
    }
    else if (size <= 64) {
        copy_to_64(to, from, size);
    }
    else if (size <= 128) {
        copy_to_128(to, from, size);
    }
    else if (size >= WIDE_LARGE) {
        copy_large(to, from, size);
    }
    else if (memory_is_wide()) {
        wide_forward(to, from, size);
    }
    else if (size < LARGE) {
        copy_forward(to, from, size);
    }
    else {
        copy_large(to, from, size);
    }
    return to;
}

/* Set more than 64 bytes, in the loop aligned blocks. */
WIDE_FUNCTION static void
wide_set(unsigned char *to, int byte, size_t size)
{
    __m256i value = _mm256_set1_epi8((char)byte);
    unsigned char *end = to + size;

    wide_store(to, value);
    for (to += WIDE_BLOCK - ((uintptr_t)to & (WIDE_BLOCK - 1)); end - to > 64; to += 64) {
        wide_store(to, value);
        wide_store(to + 32, value);
    }
    wide_store(end - 64, value);
    wide_store(end - 32, value);
}

static inline void
set_to_15(unsigned char *at, int byte, size_t size)
{
    word8 pattern = 0x0101010101010101ULL * (unsigned char)byte;

    if (size >= 8) {
        *(word8 *)at = pattern;
        *(word8 *)(at + size - 8) = pattern;
    }
    else if (size >= 4) {
        *(word4 *)at = (word4)pattern;
        *(word4 *)(at + size - 4) = (word4)pattern;
    }
    else if (size >= 1) {
        at[0] = at[size / 2] = at[size - 1] = (unsigned char)byte;
    }
}

/* Set 16 to 64 bytes. */
static inline void
set_to_64(unsigned char *at, __m128i value, size_t size)
{
    size_t half = size > 32 ? 16 : 0;

    store(at, value);
    store(at + half, value);
    store(at + size - 16 - half, value);
    store(at + size - 16, value);
}

FUNCTION void *
memset(void *to, int byte, size_t size)
{
    unsigned char *at = to;
    __m128i value = _mm_set1_epi8((char)byte);

    if (size < 16) {
        set_to_15(at, byte, size);
    }
    else if (size <= 64) {
        set_to_64(at, value, size);
    }
    else if (size <= 128) {
        set_to_64(at, value, 64);
        set_to_64(at + size - 64, value, 64);
    }
    else if (size < LARGE && memory_is_wide()) {
        wide_set(at, byte, size);
    }
    else if (size < LARGE) {
        unsigned char *end = at + size - 16;
        for (; at < end; at += 16) {
            store(at, value);
        }
        store(end, value);
    }
    else {
        __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
    }
    return to;
}
