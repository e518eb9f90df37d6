/* memcmp, memchr, memrchr and strlen with NEON, which every AArch64 processor has, in place of musl's,
   which go byte by byte or word by word. musl's memcpy, memmove and memset stay: they are Arm's own.

   Whole blocks are read; those at the ends of a range overlap their neighbours, or are aligned, so that
   they may reach beyond the range but never into another page. Sizes are bytes. */

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* clang must not recognise loops as calls of the functions that they are. */
#define FUNCTION __attribute__((no_builtin, no_stack_protector))

#define BLOCK 16

typedef uint64_t __attribute__((aligned(1), may_alias)) word8;
typedef uint32_t __attribute__((aligned(1), may_alias)) word4;

void *__memrchr(const void *, int, size_t);

/* Four bits of the result for each byte of a block of which all bits are set, or none. */
static inline uint64_t
bits(uint8x16_t truths)
{
    uint8x8_t half = vshrn_n_u16(vreinterpretq_u16_u8(truths), 4);

    return vget_lane_u64(vreinterpret_u64_u8(half), 0);
}

/* The place of the first byte that has bits, and of the last. */
static inline size_t
first(uint64_t found)
{
    return (size_t)__builtin_ctzll(found) / 4;
}

static inline size_t
last(uint64_t found)
{
    return (size_t)(63 - __builtin_clzll(found)) / 4;
}

/* What the first bytes of an aligned block have, without those before the range. */
static inline uint64_t
without(uint64_t found, size_t skip)
{
    return found >> (skip * 4) << (skip * 4);
}

static inline int
compare_words(uint64_t a, uint64_t b)
{
    return a == b ? 0 : __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
}

static inline int
compare_halves(uint32_t a, uint32_t b)
{
    return a == b ? 0 : __builtin_bswap32(a) < __builtin_bswap32(b) ? -1 : 1;
}

/* Most comparisons of Python are these. */
static inline int
compare_to_15(const unsigned char *a, const unsigned char *b, size_t size)
{
    int order = 0;

    if (size >= 8) {
        order = compare_words(*(const word8 *)a, *(const word8 *)b);
        a += size - 8;
        b += size - 8;
        return order ? order : compare_words(*(const word8 *)a, *(const word8 *)b);
    }
    if (size >= 4) {
        order = compare_halves(*(const word4 *)a, *(const word4 *)b);
        a += size - 4;
        b += size - 4;
        return order ? order : compare_halves(*(const word4 *)a, *(const word4 *)b);
    }
    for (; size > 0 && order == 0; a++, b++, size--) {
        order = *a - *b;
    }
    return order;
}

static inline int
compare_block(const unsigned char *a, const unsigned char *b)
{
    uint64_t differ = ~bits(vceqq_u8(vld1q_u8(a), vld1q_u8(b)));

    return differ == 0 ? 0 : a[first(differ)] - b[first(differ)];
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
    for (; size > BLOCK; a += BLOCK, b += BLOCK, size -= BLOCK) {
        order = compare_block(a, b);
        if (order != 0) {
            return order;
        }
    }
    return compare_block(a + size - BLOCK, b + size - BLOCK);
}

/* The range may be longer than what there is, as strnlen's is: only aligned blocks are read, up to the
   one that has the byte. */
FUNCTION void *
memchr(const void *bytes, int byte, size_t size)
{
    const unsigned char *start = bytes;
    size_t skip = (uintptr_t)start % BLOCK;
    const unsigned char *block = start - skip;
    uint8x16_t wanted = vdupq_n_u8((unsigned char)byte);
    uint64_t found;

    if (size == 0) {
        return NULL;
    }
    found = without(bits(vceqq_u8(vld1q_u8(block), wanted)), skip);
    for (size_t done = BLOCK - skip; found == 0; done += BLOCK) {
        if (done >= size) {
            return NULL;
        }
        block += BLOCK;
        found = bits(vceqq_u8(vld1q_u8(block), wanted));
    }
    block += first(found);
    return (size_t)(block - start) < size ? (void *)(uintptr_t)block : NULL;
}

FUNCTION void *
memrchr(const void *bytes, int byte, size_t size)
{
    const unsigned char *start = bytes;
    uint8x16_t wanted = vdupq_n_u8((unsigned char)byte);
    uint64_t found;

    while (size >= BLOCK) {
        size -= BLOCK;
        found = bits(vceqq_u8(vld1q_u8(start + size), wanted));
        if (found != 0) {
            return (void *)(uintptr_t)(start + size + last(found));
        }
    }
    while (size > 0) {
        size--;
        if (start[size] == (unsigned char)byte) {
            return (void *)(uintptr_t)(start + size);
        }
    }
    return NULL;
}

/* By this name musl's strrchr calls it. */
__attribute__((alias("memrchr"))) void *__memrchr(const void *, int, size_t);

FUNCTION size_t
strlen(const char *text)
{
    size_t skip = (uintptr_t)text % BLOCK;
    const unsigned char *block = (const unsigned char *)text - skip;
    uint64_t found = without(bits(vceqzq_u8(vld1q_u8(block))), skip);

    while (found == 0) {
        block += BLOCK;
        found = bits(vceqzq_u8(vld1q_u8(block)));
    }
    return (size_t)(block - (const unsigned char *)text) + first(found);
}
