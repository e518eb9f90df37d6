/* What the memory and string functions for x86-64 share. SSE2 is in every processor of this kind; wide
   functions use AVX2, on processors that have it.

   libc calls these functions before anything is initialised, and children of vfork call them in the
   memory of their parent: so there is no table of pointers that somebody would have to fill, but one
   byte, which each caller that finds it unset sets to the same value. Only sizes for which a wide
   function pays look at it. */

#ifndef OBELISK_MEMORY_X86_64_H
#define OBELISK_MEMORY_X86_64_H

#include <emmintrin.h>
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

/* clang must not recognise loops as calls of the functions that they are. */
#define FUNCTION __attribute__((no_builtin, no_stack_protector))
#define WIDE_FUNCTION __attribute__((no_builtin, no_stack_protector, noinline, target("avx2")))
#define WIDE_INLINE __attribute__((always_inline, target("avx2"))) static inline

#define BLOCK 16
#define WIDE_BLOCK 32
#define PAGE_BYTES 4096

enum memory_width { WIDTH_UNKNOWN, WIDTH_NARROW, WIDTH_WIDE };

/* Which functions this processor can run; a `memory_width`. */
extern unsigned char memory_width;

/* Ask the processor, and remember it. */
enum memory_width memory_find_width(void);

static inline int
memory_is_wide(void)
{
    unsigned char width = __atomic_load_n(&memory_width, __ATOMIC_RELAXED);

    return (width == WIDTH_UNKNOWN ? memory_find_width() : width) == WIDTH_WIDE;
}

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

/* Bit i of the result is set where byte i of the two blocks is equal. */
static inline unsigned
equal_bytes(__m128i one, __m128i two)
{
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(one, two));
}

/* How many bytes there are from here to the end of the page. */
static inline size_t
left_in_page(const unsigned char *at)
{
    return PAGE_BYTES - ((uintptr_t)at & (PAGE_BYTES - 1));
}

WIDE_INLINE __m256i
wide_load(const unsigned char *from)
{
    return _mm256_loadu_si256((const void *)from);
}

WIDE_INLINE void
wide_store(unsigned char *to, __m256i value)
{
    _mm256_storeu_si256((void *)to, value);
}

WIDE_INLINE unsigned
wide_bits(__m256i truths)
{
    return (unsigned)_mm256_movemask_epi8(truths);
}

#endif
