/* What an executable with a part of a snapshot decides before libc starts.

   `snapshot_check PART OPTION ... [-- ARGUMENT ...]` prints what it says, and then `cold`, `from the snapshot` or
   `exit STATUS`. Options: `secure`, `page=BYTES`, `other` (the file that is found is another), `none` (there is no
   file), `taken` (the address is), `words=NUMBER` (the features of the processor, each word), `env=NAME=VALUE`,
   `file=PATH` (there is an empty file).
   `snapshot_check PART fuzz=COUNT` damages header and tables as often, with a checksum that agrees.

   The part ends where nobody may read. The kernel is not asked for anything: its answers are made here. */

#include "os/os.h"

#define os_image image_here
static char *image_here;

#include "snapshot/start.c"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

#define PAGE ((size_t)4096)
#define FILE_NUMBER 7
#define EMPTY_NUMBER 8
#define FILES_MAX 8
#define FROM_SNAPSHOT (-1)

static struct {
    bool is_other;
    bool is_absent;
    bool is_taken;
    bool has_own_data;
    uint32_t words;
    uint64_t size;
    const char *files[FILES_MAX];
    size_t file_count;
} world;
static jmp_buf end;
static FILE *said;

static bool
is_file(const char *path)
{
    for (size_t i = 0; i < world.file_count; i++) {
        if (strcmp(world.files[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static long
open_file(const char *path)
{
    if (strcmp(path, "/proc/self/exe") == 0) {
        return world.is_absent ? -ENOENT : FILE_NUMBER;
    }
    return is_file(path) ? EMPTY_NUMBER : -ENOENT;
}

long
machine_call(long number, long a, long b, long c, long d, long e, long f)
{
    (void)e;
    (void)f;
    switch (number) {
    case SYS_write:
        return (long)fwrite((const void *)b, 1, (size_t)c, said);
    case SYS_open:
        return open_file((const char *)a);
    case SYS_access:
        return is_file((const char *)a) ? 0 : -ENOENT;
    case SYS_read:
        return a == EMPTY_NUMBER ? 0 : -EBADF;
    case SYS_pread64:
        if ((uint64_t)c > world.size) {
            return 0;
        }
        memcpy((void *)b, image_here + d, (size_t)c);
        ((char *)b)[offsetof(struct snapshot_header, check)] ^= (char)world.is_other;
        return c;
    case SYS_close:
        return a == FILE_NUMBER || a == EMPTY_NUMBER ? 0 : -EBADF;
    case SYS_exit_group:
        longjmp(end, (int)a);
    default:
        abort();
    }
}

void
machine_features(uint32_t words[SNAPSHOT_WORDS])
{
    for (int i = 0; i < SNAPSHOT_WORDS; i++) {
        words[i] = world.words;
    }
}

bool
map_all(const struct snapshot_header *header, int file, uint64_t part)
{
    const struct snapshot_range *ranges = (const void *)((const char *)header + header->ranges);
    uint64_t sum = part;

    for (uint64_t i = 0; i < header->range_count; i++) {
        sum += ranges[i].address;
    }
    return file == FILE_NUMBER && !(world.is_taken && sum != 0);
}

uintptr_t
map_span(void)
{
    return PAGE;
}

void
own_data_restore(const struct snapshot_header *header)
{
    const uint64_t *words = (const void *)((const char *)header + header->originals);
    volatile uint64_t sum = 0;

    for (uint64_t i = 0; i < header->original_words; i++) {
        sum += words[i];
    }
    world.has_own_data = true;
}

_Noreturn void
machine_continue(uintptr_t target, uintptr_t stack, uintptr_t first, uintptr_t second, uintptr_t third)
{
    (void)target;
    (void)stack;
    (void)first;
    (void)second;
    (void)third;
    longjmp(end, FROM_SNAPSHOT);
}

_Noreturn void
early_arrive(uintptr_t *stack, uintptr_t before, uintptr_t span)
{
    (void)stack;
    (void)before;
    (void)span;
    abort();
}

/* Read the part behind an ELF header with its program header, at the end of readable memory. */
static struct snapshot_header *
load(const char *path)
{
    FILE *stream = fopen(path, "rb");
    size_t head = sizeof(ElfW(Ehdr)) + sizeof(ElfW(Phdr));
    size_t pages;
    ElfW(Phdr) *segment;

    if (stream == NULL || fseek(stream, 0, SEEK_END) != 0) {
        abort();
    }
    world.size = (uint64_t)ftell(stream);
    rewind(stream);
    pages = (head + world.size + PAGE - 1) & ~(PAGE - 1);
    image_here = mmap(NULL, pages + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (image_here == MAP_FAILED || mprotect(image_here + pages, PAGE, PROT_NONE) != 0) {
        abort();
    }
    segment = (void *)(image_here + sizeof(ElfW(Ehdr)));
    ((ElfW(Ehdr) *)(void *)image_here)->e_phoff = sizeof(ElfW(Ehdr));
    ((ElfW(Ehdr) *)(void *)image_here)->e_phnum = 1;
    segment->p_type = SNAPSHOT_SEGMENT;
    segment->p_filesz = world.size;
    segment->p_vaddr = segment->p_offset = pages - world.size;
    if (fread(image_here + segment->p_vaddr, 1, world.size, stream) != world.size) {
        abort();
    }
    fclose(stream);
    return (void *)(image_here + segment->p_vaddr);
}

/* What the kernel puts on the stack. */
struct pushed {
    uintptr_t words[64];
    size_t count;
};

static void
push(struct pushed *stack, uintptr_t word)
{
    if (stack->count == sizeof(stack->words) / sizeof(stack->words[0])) {
        abort();
    }
    stack->words[stack->count++] = word;
}

static void
start(struct pushed *stack)
{
    int status = setjmp(end);

    if (status == 0) {
        world.has_own_data = false;
        snapshot_start(stack->words);
        fputs(world.has_own_data ? "cold, with its own data\n" : "cold\n", said);
    }
    else if (status == FROM_SNAPSHOT) {
        fputs("from the snapshot\n", said);
    }
    else {
        fprintf(said, "exit %d\n", status);
    }
}

/* Give the part the checksum that its bytes have now. */
static void
seal(struct snapshot_header *header)
{
    uint64_t check;

    header->check = 0;
    if (header->size < sizeof(*header) || header->size > world.size) {
        return;
    }
    check = XXH64(header, sizeof(*header), 0);
    header->check = XXH64(header + 1, header->size - sizeof(*header), check);
}

static void
fuzz(struct snapshot_header *header, struct pushed *stack, long count)
{
    static unsigned char before[1 << 16];
    size_t size = header->size;

    if (world.size > sizeof(before)) {
        abort();
    }
    memcpy(before, header, world.size);
    for (long i = 0; i < count; i++) {
        unsigned char *bytes = (unsigned char *)header;

        memcpy(header, before, world.size);
        for (size_t change = below(4) + 1; change > 0; change--) {
            /* Numbers in the header are of eight bytes, and small. */
            size_t place = below(2) ? below(size) : below(sizeof(*header) / 8) * 8;
            bytes[place] = (unsigned char)(below(3) ? below(256) : 0xff * below(2));
        }
        seal(header);
        start(stack);
    }
}

int
main(int argc, char **argv)
{
    struct pushed stack = {{0}, 1};
    struct snapshot_header *header = argc > 1 ? load(argv[1]) : NULL;
    uintptr_t secure = 0;
    uintptr_t page = PAGE;
    long damaged = 0;
    int i = 2;

    world.words = UINT32_MAX;
    said = stdout;
    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        secure |= strcmp(argv[i], "secure") == 0;
        world.is_other |= strcmp(argv[i], "other") == 0;
        world.is_absent |= strcmp(argv[i], "none") == 0;
        world.is_taken |= strcmp(argv[i], "taken") == 0;
        page = strncmp(argv[i], "page=", 5) == 0 ? strtoul(argv[i] + 5, NULL, 10) : page;
        damaged = strncmp(argv[i], "fuzz=", 5) == 0 ? strtol(argv[i] + 5, NULL, 10) : damaged;
        if (strncmp(argv[i], "file=", 5) == 0 && world.file_count < FILES_MAX) {
            world.files[world.file_count++] = argv[i] + 5;
        }
        if (strncmp(argv[i], "words=", 6) == 0) {
            world.words = (uint32_t)strtoul(argv[i] + 6, NULL, 0);
        }
    }
    for (i++; i < argc; i++) {
        push(&stack, (uintptr_t)argv[i]);
    }
    stack.words[0] = stack.count - 1;
    push(&stack, 0);
    for (i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "env=", 4) == 0) {
            push(&stack, (uintptr_t)argv[i] + 4);
        }
    }
    push(&stack, 0);
    push(&stack, AT_PAGESZ);
    push(&stack, page);
    push(&stack, AT_SECURE);
    push(&stack, secure);
    push(&stack, AT_NULL);
    if (damaged > 0) {
        fuzz(header, &stack, damaged);
    }
    else {
        start(&stack);
    }
    return 0;
}
