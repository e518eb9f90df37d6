/* strlen, strchr, strchrnul, strcmp and strncmp with SSE2 and AVX2, in place of musl's.

   Texts end where nobody knows: a block that is read is aligned, or lies in one page with a byte that
   must be read anyway. */

#include "libc/x86_64/memory.h"

#include <string.h>

char *__strchrnul(const char *, int);

/* Go on from an aligned block. */
WIDE_FUNCTION static const char *
wide_end(const char *block)
{
    __m256i zero = _mm256_setzero_si256();
    unsigned found;

    for (;; block += 128) {
        const __m256i *four = (const void *)block;
        __m256i low = _mm256_min_epu8(_mm256_load_si256(four), _mm256_load_si256(four + 1));
        __m256i high = _mm256_min_epu8(_mm256_load_si256(four + 2), _mm256_load_si256(four + 3));
        if (wide_bits(_mm256_cmpeq_epi8(_mm256_min_epu8(low, high), zero)) != 0) {
            break;
        }
    }
    for (;; block += WIDE_BLOCK) {
        found = wide_bits(_mm256_cmpeq_epi8(_mm256_load_si256((const void *)block), zero));
        if (found != 0) {
            return block + __builtin_ctz(found);
        }
    }
}

FUNCTION size_t
strlen(const char *text)
{
    uintptr_t skip = (uintptr_t)text & 15;
    const char *block = text - skip;
    __m128i zero = _mm_setzero_si128();
    unsigned found = equal_bytes(_mm_load_si128((const void *)block), zero) >> skip << skip;

    while (found == 0) {
        block += 16;
        if (((uintptr_t)block & 127) == 0 && block - text >= 64 && memory_is_wide()) {
            return (size_t)(wide_end(block) - text);
        }
        found = equal_bytes(_mm_load_si128((const void *)block), zero);
    }
    return (size_t)(block + __builtin_ctz(found) - text);
}

/* Bytes that are zero where a text ends, or has the byte. */
WIDE_INLINE __m256i
wide_ends(const __m256i *block, __m256i wanted)
{
    __m256i bytes = _mm256_load_si256(block);

    return _mm256_min_epu8(bytes, _mm256_xor_si256(bytes, wanted));
}

/* Go on from an aligned block, as strchrnul. */
WIDE_FUNCTION static const char *
wide_find_or_end(const char *block, int byte)
{
    __m256i zero = _mm256_setzero_si256();
    __m256i wanted = _mm256_set1_epi8((char)byte);
    unsigned found;

    for (;; block += 128) {
        const __m256i *four = (const void *)block;
        __m256i low = _mm256_min_epu8(wide_ends(four, wanted), wide_ends(four + 1, wanted));
        __m256i high = _mm256_min_epu8(wide_ends(four + 2, wanted), wide_ends(four + 3, wanted));
        if (wide_bits(_mm256_cmpeq_epi8(_mm256_min_epu8(low, high), zero)) != 0) {
            break;
        }
    }
    for (;; block += WIDE_BLOCK) {
        found = wide_bits(_mm256_cmpeq_epi8(wide_ends((const void *)block, wanted), zero));
        if (found != 0) {
            return block + __builtin_ctz(found);
        }
    }
}

FUNCTION char *
strchrnul(const char *text, int byte)
{
    uintptr_t skip = (uintptr_t)text & 15;
    const char *block = text - skip;
    __m128i zero = _mm_setzero_si128();
    __m128i wanted = _mm_set1_epi8((char)byte);
    __m128i bytes = _mm_load_si128((const void *)block);
    unsigned found = (equal_bytes(bytes, zero) | equal_bytes(bytes, wanted)) >> skip << skip;

    while (found == 0) {
        block += 16;
        if (((uintptr_t)block & 127) == 0 && block - text >= 128 && memory_is_wide()) {
            return (char *)(uintptr_t)wide_find_or_end(block, byte);
        }
        bytes = _mm_load_si128((const void *)block);
        found = equal_bytes(bytes, zero) | equal_bytes(bytes, wanted);
    }
    return (char *)(uintptr_t)(block + __builtin_ctz(found));
}

/* By this name musl's other functions call it. */
__attribute__((alias("strchrnul"))) char *__strchrnul(const char *, int);

FUNCTION char *
strchr(const char *text, int byte)
{
    char *found = strchrnul(text, byte);

    return *found == (char)byte ? found : NULL;
}

/* Return how many bytes, of those in this room, are surely equal and no end: a multiple of 64. */
WIDE_FUNCTION static size_t
wide_equal(const unsigned char *a, const unsigned char *b, size_t room)
{
    __m256i zero = _mm256_setzero_si256();
    size_t at = 0;

    for (; room - at >= 64; at += 64) {
        __m256i x = wide_load(a + at);
        __m256i y = wide_load(a + at + 32);
        __m256i same = _mm256_min_epu8(_mm256_cmpeq_epi8(x, wide_load(b + at)),
                                       _mm256_cmpeq_epi8(y, wide_load(b + at + 32)));
        same = _mm256_min_epu8(same, _mm256_min_epu8(x, y));
        if (wide_bits(_mm256_cmpeq_epi8(same, zero)) != 0) {
            break;
        }
    }
    return at;
}

/* How many bytes can be read at both without another page. */
static inline size_t
room_for_both(const unsigned char *a, const unsigned char *b)
{
    return left_in_page(a) < left_in_page(b) ? left_in_page(a) : left_in_page(b);
}

FUNCTION int
strncmp(const char *one, const char *two, size_t size)
{
    const unsigned char *a = (const unsigned char *)one;
    const unsigned char *b = (const unsigned char *)two;
    __m128i zero = _mm_setzero_si128();

    while (size > 0) {
        size_t step = BLOCK;
        size_t room = room_for_both(a, b);
        size_t done = (size_t)(a - (const unsigned char *)one);
        if (done >= 128 && done % 64 == 0 && room >= 64 && size > 64 && memory_is_wide()) {
            /* One byte less than all: what follows finds the end. */
            size_t equal = wide_equal(a, b, room < size ? room : size - 1);
            a += equal;
            b += equal;
            size -= equal;
            room -= equal;
        }
        if (room >= BLOCK) {
            __m128i x = load(a);
            unsigned ends = (equal_bytes(x, load(b)) ^ 0xFFFF) | equal_bytes(x, zero);
            if (ends != 0) {
                size_t at = (size_t)__builtin_ctz(ends);
                return at < size ? a[at] - b[at] : 0;
            }
        }
        else {
            if (*a != *b || *a == 0) {
                return *a - *b;
            }
            step = 1;
        }
        if (size <= step) {
            return 0;
        }
        a += step;
        b += step;
        size -= step;
    }
    return 0;
}

FUNCTION int
strcmp(const char *one, const char *two)
{
    return strncmp(one, two, SIZE_MAX);
}
