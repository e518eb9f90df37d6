/* What libraries see of the processor while a snapshot is made, on x86-64: not more than one kind of 2013
   (x86-64-v3, and AES), so that the same input gives the same bytes on newer ones, and the snapshot starts on
   all of them.

   The kernel can let CPUID fault (arch_prctl(2), ARCH_CPUID), on Intel's processors since Ivy Bridge and in
   virtual machines on them: then it is answered here. Elsewhere libraries see the processor as it is. */

#include "snapshot/machine.h"

#include <cpuid.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <ucontext.h>

#ifndef ARCH_CPUID
#define ARCH_CPUID 0x1012
#endif
#define SA_RESTORER 0x04000000
#define CPUID_OPCODE 0xa20f /* as a number of two bytes */

/* Leaf 1: SSE3, PCLMUL, SSSE3, FMA, CX16, SSE4.1, SSE4.2, MOVBE, POPCNT, AES, XSAVE, OSXSAVE, AVX, F16C. */
#define LEAF_1_ECX 0x3ed83203U
/* FPU, TSC, CX8, CMOV, CLFSH, MMX, FXSR, SSE, SSE2. */
#define LEAF_1_EDX 0x07888111U
/* BMI1, AVX2, BMI2, ERMS. */
#define LEAF_7_EBX 0x00000328U
/* LAHF, LZCNT; SYSCALL, NX, RDTSCP, LM. */
#define LEAF_EXTENDED_ECX 0x00000021U
#define LEAF_EXTENDED_EDX 0x28100800U

static bool is_hiding;

/* As sigaction(2) takes it. */
struct kernel_action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

struct answer {
    uint32_t eax, ebx, ecx, edx;
};

/* What differs between processors with the same features: their names and caches, which are those of one
   kind. `mask` is of the features that stay. */
struct leaf {
    uint32_t number;
    uint32_t part;
    struct answer fixed;
    struct answer mask;
};

#define NO_PART UINT32_MAX

static const struct leaf leaves[] = {
    {0, NO_PART, {13, 0x756e6547, 0x6c65746e, 0x49656e69}, {0, 0, 0, 0}}, /* GenuineIntel */
    {1, NO_PART, {0x306c3, 0x00010800, 0, 0}, {0, 0, LEAF_1_ECX, LEAF_1_EDX}},
    {2, NO_PART, {0x76036301, 0x00f0b5ff, 0, 0x00c10000}, {0, 0, 0, 0}},
    {4, 0, {0x00000121, 0x01c0003f, 63, 0}, {0, 0, 0, 0}},   /* 32 KiB for data */
    {4, 1, {0x00000122, 0x01c0003f, 63, 0}, {0, 0, 0, 0}},   /* 32 KiB for code */
    {4, 2, {0x00000143, 0x01c0003f, 511, 0}, {0, 0, 0, 0}},  /* 256 KiB */
    {4, 3, {0x00000163, 0x03c0003f, 8191, 6}, {0, 0, 0, 0}}, /* 8 MiB */
    {7, 0, {0, 0, 0, 0}, {0, LEAF_7_EBX, 0, 0}},
    {13, 0, {7, 832, 832, 0}, {0, 0, 0, 0}},
    {13, 2, {256, 576, 0, 0}, {0, 0, 0, 0}},
    {0x80000000, NO_PART, {0x80000008, 0, 0, 0}, {0, 0, 0, 0}},
    {0x80000001, NO_PART, {0, 0, 0, 0}, {0, 0, LEAF_EXTENDED_ECX, LEAF_EXTENDED_EDX}},
    {0x80000006, NO_PART, {0, 0, 0x01006040, 0}, {0, 0, 0, 0}},
    {0x80000007, NO_PART, {0, 0, 0, 0x100}, {0, 0, 0, 0}},
    {0x80000008, NO_PART, {0x3027, 0, 0, 0}, {0, 0, 0, 0}},
};

MACHINE_EARLY static long
let_fault(bool faults)
{
    return machine_call(SYS_arch_prctl, ARCH_CPUID, !faults, 0, 0, 0, 0);
}

MACHINE_EARLY static struct answer
ask(uint32_t number, uint32_t part)
{
    struct answer real = {0, 0, 0, 0};

    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        const struct leaf *leaf = &leaves[i];

        if (leaf->number != number || (leaf->part != NO_PART && leaf->part != part)) {
            continue;
        }
        let_fault(false);
        __cpuid_count(number, part, real.eax, real.ebx, real.ecx, real.edx);
        let_fault(true);
        return (struct answer){leaf->fixed.eax | (real.eax & leaf->mask.eax),
                               leaf->fixed.ebx | (real.ebx & leaf->mask.ebx),
                               leaf->fixed.ecx | (real.ecx & leaf->mask.ecx),
                               leaf->fixed.edx | (real.edx & leaf->mask.edx)};
    }
    return real;
}

MACHINE_EARLY static void
set(const struct kernel_action *action)
{
    machine_call(SYS_rt_sigaction, SIGSEGV, (long)action, 0, sizeof(uint64_t), 0, 0);
}

void machine_on_fault(int, siginfo_t *, void *) __attribute__((visibility("hidden"), used));

MACHINE_EARLY void
machine_on_fault(int number, siginfo_t *facts, void *context)
{
    static const struct kernel_action plain;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *code = (const unsigned char *)registers[REG_RIP];
    struct answer answer;

    (void)number;
    /* A fault of a general kind: an address that cannot be read has one of its own. */
    if (facts->si_code != SI_KERNEL || (code[0] | code[1] << 8) != CPUID_OPCODE) {
        set(&plain); /* it happens again, and ends the process */
        return;
    }
    answer = ask((uint32_t)registers[REG_RAX], (uint32_t)registers[REG_RCX]);
    registers[REG_RAX] = answer.eax;
    registers[REG_RBX] = answer.ebx;
    registers[REG_RCX] = answer.ecx;
    registers[REG_RDX] = answer.edx;
    registers[REG_RIP] += 2;
}

/* How a handler of a signal ends. */
void machine_return(void) __attribute__((visibility("hidden")));
__asm__(".text\n"
        ".globl machine_return\n"
        ".hidden machine_return\n"
        ".type machine_return,@function\n"
        "machine_return:\n"
        "    mov $15, %eax\n"
        "    syscall\n"
        ".size machine_return, . - machine_return\n");

MACHINE_EARLY void
machine_hide_features(void)
{
    struct kernel_action action = {NULL, SA_SIGINFO | SA_NODEFER | SA_RESTORER, NULL, 0};

    /* Their addresses, not what would be loaded from data, which is not relocated yet. */
    __asm__("lea machine_on_fault(%%rip), %0\n\tlea machine_return(%%rip), %1"
            : "=&r"(action.handler), "=r"(action.restorer));
    if (let_fault(true) != 0) {
        return;
    }
    is_hiding = true;
    set(&action);
}

bool
machine_hides_features(void)
{
    return is_hiding;
}
