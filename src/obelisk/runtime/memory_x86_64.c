/* Memory and string functions with SSE2, which every x86-64 processor has, in place of musl's.

   musl copies with `rep movsq`, which costs much for small sizes, and compares and searches byte by
   byte. Small sizes are done here with two loads that overlap, so without loops; searches read whole
   aligned blocks, which may reach beyond the end but never into another page. Sizes are bytes.

   clang must not recognise these loops as calls of the functions that they are: no_builtin. */

#if defined(__x86_64__)

#include <emmintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FUNCTION __attribute__((no_builtin, no_stack_protector))

/* From here on the processor's own string instructions are the fastest (ERMS, since 2013). */
#define LARGE 2048

typedef uint64_t __attribute__((aligned(1), may_alias)) word8;
typedef uint32_t __attribute__((aligned(1), may_alias)) word4;
typedef uint16_t __attribute__((aligned(1), may_alias)) word2;

static inline __m128i
load(const unsigned char *from)
{
    return _mm_loadu_si128((const void *)from);
}

static inline void
store(unsigned char *to, __m128i value)
{
    _mm_storeu_si128((void *)to, value);
}

/* Copy up to 16 bytes: everything is read before anything is written. */
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

/* Copy 17 to 64 bytes, in the same way. */
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

/* Copy more than 64 bytes from low to high addresses; the last 64 are read first. */
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

/* Copy more than 64 bytes from high to low addresses; the first 64 are read first. */
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

FUNCTION void *
memmove(void *to, const void *from, size_t size)
{
    if (size <= 16) {
        copy_to_16(to, from, size);
    }
    else if (size <= 64) {
        copy_to_64(to, from, size);
    }
    else if ((uintptr_t)to - (uintptr_t)from >= size) {
        copy_forward(to, from, size);
    }
    else {
        copy_backward(to, from, size);
    }
    return to;
}

FUNCTION void *
memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *start = to;

    if (size <= 16) {
        copy_to_16(to, from, size);
    }
    else if (size <= 64) {
        copy_to_64(to, from, size);
    }
    else if (size < LARGE) {
        copy_forward(to, from, size);
    }
    else {
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    }
    return start;
}

FUNCTION void *
memset(void *to, int byte, size_t size)
{
    unsigned char *at = to;
    __m128i value = _mm_set1_epi8((char)byte);

    if (size < 16) {
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

/* Bit i of the result is set where byte i of the two blocks is equal. */
static inline unsigned
equal_bytes(__m128i one, __m128i two)
{
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(one, two));
}

FUNCTION int
memcmp(const void *one, const void *two, size_t size)
{
    const unsigned char *a = one;
    const unsigned char *b = two;

    while (size >= 16) {
        unsigned differ = equal_bytes(load(a), load(b)) ^ 0xFFFF;
        if (differ != 0) {
            int at = __builtin_ctz(differ);
            return a[at] - b[at];
        }
        a += 16;
        b += 16;
        size -= 16;
    }
    if (size >= 8) {
        word8 x = *(const word8 *)a;
        word8 y = *(const word8 *)b;
        if (x != y) {
            return __builtin_bswap64(x) < __builtin_bswap64(y) ? -1 : 1;
        }
        a += 8;
        b += 8;
        size -= 8;
    }
    for (; size > 0; a++, b++, size--) {
        if (*a != *b) {
            return *a - *b;
        }
    }
    return 0;
}

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

FUNCTION void *
memrchr(const void *bytes, int byte, size_t size)
{
    const unsigned char *start = bytes;
    __m128i wanted = _mm_set1_epi8((char)byte);

    while (size >= 16) {
        unsigned found = equal_bytes(load(start + size - 16), wanted);
        if (found != 0) {
            size -= 16;
            return (void *)(uintptr_t)(start + size + 31 - __builtin_clz(found));
        }
        size -= 16;
    }
    while (size > 0) {
        size--;
        if (start[size] == (unsigned char)byte) {
            return (void *)(uintptr_t)(start + size);
        }
    }
    return NULL;
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
        found = equal_bytes(_mm_load_si128((const void *)block), zero);
    }
    return (size_t)(block + __builtin_ctz(found) - text);
}

#else

typedef int memory_of_libc; /* other machines keep musl's */

#endif
