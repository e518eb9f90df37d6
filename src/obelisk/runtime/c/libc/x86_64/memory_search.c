/* memcmp, memchr and memrchr with SSE2 and AVX2, in place of musl's, which go byte by byte.

   Whole blocks are read; those at the ends of a range overlap their neighbours, or are aligned, so that
   they may reach beyond the range but never into another page. Sizes are bytes. */

#include "libc/x86_64/memory.h"

#include <string.h>

/* From here on the wide functions pay. */
#define WIDE_FROM 64
/* And from here on it pays to read one range by blocks that no two cache lines share: often the other one
   is aligned as well then, as the texts of two strings are. */
#define ALIGNED_FROM 512

void *__memrchr(const void *, int, size_t);

/* Compare less than a block without reading beyond it. */
static inline int
compare_bytes(const unsigned char *a, const unsigned char *b, size_t size)
{
    for (; size > 0; a++, b++, size--) {
        if (*a != *b) {
            return *a - *b;
        }
    }
    return 0;
}

/* Most comparisons of Python are these: each instruction counts. */
static inline int
compare_to_15(const unsigned char *a, const unsigned char *b, size_t size)
{
    unsigned at;

    if (size == 0) {
        return 0;
    }
    if (__builtin_expect(left_in_page(a) < BLOCK, 0) || __builtin_expect(left_in_page(b) < BLOCK, 0)) {
        return compare_bytes(a, b, size);
    }
    at = (unsigned)__builtin_ctz(~equal_bytes(load(a), load(b)));
    return at < size ? a[at] - b[at] : 0;
}

/* Compare by the first byte of which a bit says that it differs. */
static inline int
compare_differing(const unsigned char *a, const unsigned char *b, unsigned differ)
{
    if (differ == 0) {
        return 0;
    }
    return a[__builtin_ctz(differ)] - b[__builtin_ctz(differ)];
}

static inline int
compare_block(const unsigned char *a, const unsigned char *b)
{
    return compare_differing(a, b, equal_bytes(load(a), load(b)) ^ 0xFFFF);
}

WIDE_INLINE int
wide_compare_block(const unsigned char *a, const unsigned char *b)
{
    return compare_differing(a, b, ~wide_bits(_mm256_cmpeq_epi8(wide_load(a), wide_load(b))));
}

/* Compare at least WIDE_BLOCK bytes. */
WIDE_FUNCTION static int
wide_compare(const unsigned char *a, const unsigned char *b, size_t size)
{
    int order = 0;

    if (size >= ALIGNED_FROM) {
        size_t skip = WIDE_BLOCK - ((uintptr_t)a & (WIDE_BLOCK - 1));
        order = wide_compare_block(a, b);
        if (order != 0) {
            return order;
        }
        a += skip;
        b += skip;
        size -= skip;
    }
    for (; size >= 128; a += 128, b += 128, size -= 128) {
        __m256i w = _mm256_cmpeq_epi8(wide_load(a), wide_load(b));
        __m256i x = _mm256_cmpeq_epi8(wide_load(a + 32), wide_load(b + 32));
        __m256i y = _mm256_cmpeq_epi8(wide_load(a + 64), wide_load(b + 64));
        __m256i z = _mm256_cmpeq_epi8(wide_load(a + 96), wide_load(b + 96));
        __m256i all = _mm256_and_si256(_mm256_and_si256(w, x), _mm256_and_si256(y, z));
        if (wide_bits(all) != ~0U) {
            break;
        }
    }
    for (; size >= WIDE_BLOCK && order == 0; a += 32, b += 32, size -= 32) {
        order = wide_compare_block(a, b);
    }
    if (order == 0 && size > 0) {
        order = wide_compare_block(a + size - WIDE_BLOCK, b + size - WIDE_BLOCK);
    }
    return order;
}

FUNCTION int
memcmp(const void *one, const void *two, size_t size)
{
    const unsigned char *a = one;
    const unsigned char *b = two;
    int order;

    if (size < BLOCK) {
        return compare_to_15(a, b, size);
    }
    if (size >= WIDE_FROM && memory_is_wide()) {
        return wide_compare(a, b, size);
    }
    for (; size > BLOCK; a += 16, b += 16, size -= 16) {
        order = compare_block(a, b);
        if (order != 0) {
            return order;
        }
    }
    return compare_block(a + size - BLOCK, b + size - BLOCK);
}

/* Whether the byte is in four blocks. */
WIDE_INLINE int
wide_has(const unsigned char *at, __m256i wanted)
{
    __m256i w = _mm256_cmpeq_epi8(wide_load(at), wanted);
    __m256i x = _mm256_cmpeq_epi8(wide_load(at + 32), wanted);
    __m256i y = _mm256_cmpeq_epi8(wide_load(at + 64), wanted);
    __m256i z = _mm256_cmpeq_epi8(wide_load(at + 96), wanted);

    return wide_bits(_mm256_or_si256(_mm256_or_si256(w, x), _mm256_or_si256(y, z))) != 0;
}

/* As memchr. */
WIDE_FUNCTION static void *
wide_find(const unsigned char *start, int byte, size_t size)
{
    uintptr_t skip = (uintptr_t)start & (WIDE_BLOCK - 1);
    const unsigned char *block = start - skip;
    __m256i wanted = _mm256_set1_epi8((char)byte);
    unsigned found = wide_bits(_mm256_cmpeq_epi8(wide_load(block), wanted)) >> skip << skip;

    for (size_t done = WIDE_BLOCK - skip; found == 0; done += WIDE_BLOCK) {
        block += WIDE_BLOCK;
        if (((uintptr_t)block & 127) == 0) {
            while (done < size && size - done >= 128 && !wide_has(block, wanted)) {
                block += 128;
                done += 128;
            }
        }
        if (done >= size) {
            return NULL;
        }
        found = wide_bits(_mm256_cmpeq_epi8(wide_load(block), wanted));
    }
    block += __builtin_ctz(found);
    return (size_t)(block - start) < size ? (void *)(uintptr_t)block : NULL;
}

/* The range may be longer than what there is, as strnlen's is: only aligned blocks are read, up to the
   one that has the byte. */
FUNCTION void *
memchr(const void *bytes, int byte, size_t size)
{
    const unsigned char *start = bytes;
    uintptr_t skip = (uintptr_t)start & 15;
    const unsigned char *block = start - skip;
    __m128i wanted = _mm_set1_epi8((char)byte);
    size_t done = 16 - skip;
    unsigned found;

    if (size == 0) {
        return NULL;
    }
    if (size >= WIDE_FROM && memory_is_wide()) {
        return wide_find(start, byte, size);
    }
    found = equal_bytes(_mm_load_si128((const void *)block), wanted) >> skip << skip;
    while (found == 0) {
        if (done >= size) {
            return NULL;
        }
        block += 16;
        done += 16;
        found = equal_bytes(_mm_load_si128((const void *)block), wanted);
    }
    block += __builtin_ctz(found);
    return (size_t)(block - start) < size ? (void *)(uintptr_t)block : NULL;
}

/* Whether the byte is in a cache line. */
WIDE_INLINE int
wide_line_has(const unsigned char *line, __m256i wanted)
{
    __m256i low = _mm256_cmpeq_epi8(wide_load(line), wanted);
    __m256i high = _mm256_cmpeq_epi8(wide_load(line + 32), wanted);

    return wide_bits(_mm256_or_si256(low, high)) != 0;
}

/* As memrchr, of at least WIDE_BLOCK bytes: the last block, then whole cache lines, then the first block.
   Lines that are read in any order but downwards take 1.3 times the time: the processor fetches ahead. */
WIDE_FUNCTION static void *
wide_find_last(const unsigned char *start, int byte, size_t size)
{
    const unsigned char *block = start + size - WIDE_BLOCK;
    __m256i wanted = _mm256_set1_epi8((char)byte);
    unsigned found = wide_bits(_mm256_cmpeq_epi8(wide_load(block), wanted));

    if (found == 0) {
        block += WIDE_BLOCK - ((uintptr_t)block & (WIDE_BLOCK - 1));
    }
    while (found == 0 && block > start) {
        if (((uintptr_t)block & 63) == 0) {
            while (block - start >= 64 && !wide_line_has(block - 64, wanted)) {
                block -= 64;
            }
        }
        block = block - start < WIDE_BLOCK ? start : block - WIDE_BLOCK;
        found = wide_bits(_mm256_cmpeq_epi8(wide_load(block), wanted));
    }
    return found == 0 ? NULL : (void *)(uintptr_t)(block + 31 - __builtin_clz(found));
}

static inline void *
find_last_to_15(const unsigned char *start, int byte, size_t size)
{
    unsigned found = 0;

    if (size > 0 && left_in_page(start) >= BLOCK) {
        found = equal_bytes(load(start), _mm_set1_epi8((char)byte)) & ~(~0U << size);
    }
    else {
        for (size_t at = 0; at < size; at++) {
            found |= (unsigned)(start[at] == (unsigned char)byte) << at;
        }
    }
    return found == 0 ? NULL : (void *)(uintptr_t)(start + 31 - __builtin_clz(found));
}

FUNCTION void *
memrchr(const void *bytes, int byte, size_t size)
{
    const unsigned char *start = bytes;
    __m128i wanted = _mm_set1_epi8((char)byte);
    size_t at = size;
    unsigned found;

    if (size >= WIDE_FROM && memory_is_wide()) {
        return wide_find_last(start, byte, size);
    }
    if (size < BLOCK) {
        return find_last_to_15(start, byte, size);
    }
    while (at > 0) {
        at = at < BLOCK ? 0 : at - BLOCK;
        found = equal_bytes(load(start + at), wanted);
        if (found != 0) {
            return (void *)(uintptr_t)(start + at + 31 - __builtin_clz(found));
        }
    }
    return NULL;
}

/* By this name musl's strrchr calls it. */
__attribute__((alias("memrchr"))) void *__memrchr(const void *, int, size_t);
