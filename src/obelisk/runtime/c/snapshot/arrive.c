/* Going on in the executable as it was mapped anew: before libc starts, and as libc starts.

   What libc has to find out of a process it does itself: the environment, the auxiliary vector, the thread
   pointer, the canary. Its other variables stay as they were, and no constructor runs again. */

#include "snapshot/snapshot.h"

#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "os/os.h"
#include "snapshot/early.h"
#include "snapshot/machine.h"

#define STACK_SIZE (256UL << 20)      /* of the process that prepares; it takes what is used */
#define STACK_DISTANCE (1UL << 40)    /* from the heap up to it */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#define RANDOM_SIZE 16                /* bytes that AT_RANDOM points to */
#define SIGNAL_STACK 16384            /* bytes of a signal's stack: as many as any processor needs */
#define THREAD_VARIABLES_MAX (64 * 1024)

/* Hidden functions of musl: what `_start` leads to. */
void __init_libc(char **environment, char *name);
extern char start_of_program[] __asm__("_start") __attribute__((visibility("hidden")));

const char *snapshot_dump_path;
const char *snapshot_report_path;
static bool is_preparing;
static bool is_trained;

static char thread_variables[THREAD_VARIABLES_MAX];
static size_t thread_size;
static char *thread_address;

bool
snapshot_is_preparing(void)
{
    return is_preparing;
}

bool
snapshot_is_trained(void)
{
    return is_trained;
}

static const ElfW(Phdr) *
tls_header(void)
{
    const ElfW(Ehdr) *file = (const void *)os_image;
    const ElfW(Phdr) *headers = (const void *)(os_image + file->e_phoff);

    for (int i = 0; i < file->e_phnum; i++) {
        if (headers[i].p_type == PT_TLS) {
            return &headers[i];
        }
    }
    return NULL;
}

/* Only variables with initial values: libc copies these when it starts. The others stay in memory. */
void
snapshot_keep_thread(void)
{
    const ElfW(Phdr) *tls = tls_header();
    char *pointer = __builtin_thread_pointer();

    if (tls == NULL) {
        return;
    }
    thread_size = tls->p_filesz;
    thread_address = pointer - tls->p_memsz - ((-tls->p_vaddr - tls->p_memsz) & (tls->p_align - 1));
    if (thread_size > sizeof(thread_variables)) {
        os_die(OS_EXIT_FAILED, "cannot make a snapshot: too many thread-local variables");
    }
    memcpy(thread_variables, thread_address, thread_size);
}

MACHINE_EARLY void
snapshot_give_thread(void)
{
    memcpy(thread_address, thread_variables, thread_size);
}

/* The program headers are those of the file, whose addresses are counted from the executable's first
   byte. */
MACHINE_EARLY static void
move_auxiliary(const struct early_process *process, uintptr_t before)
{
    static const uintptr_t types[] = {AT_PHDR, AT_ENTRY};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        uintptr_t *value = early_auxiliary(process, types[i]);
        if (value != NULL) {
            *value += (uintptr_t)os_image - before;
        }
    }
}

/* A stack that is written to from its end. */
struct stack {
    char *end;
};

MACHINE_EARLY static char *
put(struct stack *stack, const char *text)
{
    size_t size = strlen(text) + 1;

    stack->end -= size;
    memcpy(stack->end, text, size);
    return stack->end;
}

/* Say whether an entry of the auxiliary vector is the same in each process, and tells nothing of its
   processor. */
MACHINE_EARLY static bool
is_constant(uintptr_t type)
{
    return type == AT_PHDR || type == AT_PHENT || type == AT_PHNUM || type == AT_PAGESZ
           || type == AT_BASE || type == AT_ENTRY || type == AT_CLKTCK || type == AT_UID
           || type == AT_EUID || type == AT_GID || type == AT_EGID || type == AT_SECURE;
}

/* Make the stack of a process whose arguments are its name alone, at an address that is always the same.
   There is no vDSO in it, and nothing random. */
MACHINE_EARLY static uintptr_t *
make_stack(const struct early_process *process, const struct snapshot_header *header)
{
    uintptr_t base = header->heap + STACK_DISTANCE;
    struct stack stack = {(char *)base + STACK_SIZE - sizeof(uintptr_t)};
    char *name = put(&stack, process->argv[1] + sizeof(EARLY_PREPARE) - 1);
    char *random;
    uintptr_t *words;
    size_t variables = 0;
    size_t count = 0;

    stack.end -= RANDOM_SIZE;
    random = stack.end;
    memcpy(random, header->seed, RANDOM_SIZE);
    while (process->environment[variables] != NULL) {
        variables++;
    }
    words = (uintptr_t *)(((uintptr_t)stack.end & ~15UL) - 65536);
    words[count++] = 1;
    words[count++] = (uintptr_t)name;
    words[count++] = 0;
    for (size_t i = 0; i < variables; i++) {
        words[count++] = (uintptr_t)put(&stack, process->environment[i]);
    }
    words[count++] = 0;
    for (const uintptr_t *entry = process->auxiliary; entry[0] != AT_NULL; entry += 2) {
        if (is_constant(entry[0])) {
            words[count++] = entry[0];
            words[count++] = entry[1];
        }
    }
    words[count++] = AT_MINSIGSTKSZ;
    words[count++] = SIGNAL_STACK;
    words[count++] = AT_EXECFN;
    words[count++] = (uintptr_t)name;
    words[count++] = AT_RANDOM;
    words[count++] = (uintptr_t)random;
    words[count++] = AT_NULL;
    words[count++] = 0;
    return words;
}

/* Start as the kernel would have it, on another stack. */
MACHINE_EARLY static _Noreturn void
begin_to_prepare(const struct early_process *process, const struct snapshot_header *header)
{
    uintptr_t base = header->heap + STACK_DISTANCE;
    long got = machine_call(SYS_mmap, (long)base, STACK_SIZE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

    if (got != (long)base) {
        machine_call(SYS_exit_group, OS_EXIT_FAILED, 0, 0, 0, 0, 0);
    }
    is_preparing = true;
    machine_hide_features();
    snapshot_dump_path = strcpy((char *)base, process->argv[2]);
    snapshot_report_path = strcpy((char *)base + PATH_MAX, process->argv[3]);
    machine_begin((uintptr_t)start_of_program, (uintptr_t)make_stack(process, header));
}

MACHINE_EARLY static _Noreturn void
go_on(const struct early_process *process)
{
    __init_libc(process->environment, process->argv[0]);
    snapshot_give_thread();
    exit(snapshot_resume(process->argc, process->argv));
}

/* What each start writes to is copied at once, which costs half of as many page faults. Older kernels
   refuse. */
MACHINE_EARLY static void
populate(const struct snapshot_header *header)
{
    const struct snapshot_span *spans = (const void *)((const char *)header + header->hot);

    for (uint64_t i = 0; i < header->hot_count; i++) {
        if (machine_call(SYS_madvise, (long)spans[i].address, (long)spans[i].size, MADV_POPULATE_WRITE, 0,
                         0, 0) != 0) {
            return;
        }
    }
}

/* With more arguments than those of the builder, the application itself runs, with the others. */
MACHINE_EARLY static void
begin_to_measure(struct early_process *process)
{
    static char root[] = SNAPSHOT_ROOT;

    snapshot_dump_path = process->argv[2];
    is_trained = process->argc > EARLY_ARGUMENTS;
    if (is_trained) {
        process->argc -= EARLY_ARGUMENTS;
        process->argv += EARLY_ARGUMENTS;
        process->argv[0] = root;
    }
}

MACHINE_EARLY void
early_arrive(uintptr_t *stack, uintptr_t before, uintptr_t span)
{
    struct early_process process = early_read(stack);
    uint64_t offset;
    uint64_t size;
    const struct snapshot_header *header;

    machine_call(SYS_munmap, (long)before, (long)span, 0, 0, 0, 0);
    move_auxiliary(&process, before);
    header = early_part(&offset, &size);
    if (header->kind == SNAPSHOT_REQUEST) {
        begin_to_prepare(&process, header);
    }
    is_preparing = false;
    populate(header);
    if (header->flags & SNAPSHOT_MEASURE) {
        begin_to_measure(&process);
    }
    go_on(&process);
}
