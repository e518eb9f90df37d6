/* What runs before libc can, on x86-64. See snapshot/machine.h. */

#include "snapshot/machine.h"

#include <cpuid.h>

MACHINE_EARLY long
machine_call(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = e;
    register long sixth __asm__("r9") = f;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
}

/* What code is chosen by, of the bits of leaves 1 and 7: instructions, and neither what the kernel alone
   uses nor what tells of a hypervisor. */
#define LEAF_1_ECX 0x76d83203U
#define LEAF_1_EDX 0x07888110U
#define LEAF_7_EBX 0xfdaf0328U
#define LEAF_7_ECX 0x02005f63U
#define LEAF_7_EDX 0x03c0011cU
#define OSXSAVE (1U << 27)
#define AVX512F (1U << 16)
#define REGISTERS_OF_AVX 0x06U
#define REGISTERS 0xe6U /* of AVX and AVX-512, in what the system saves */

MACHINE_EARLY void
machine_features(uint32_t words[SNAPSHOT_WORDS])
{
    uint32_t eax = 0;
    uint32_t ebx = 0;
    uint32_t ecx = 0;
    uint32_t edx = 0;
    uint32_t most;

    for (int i = 0; i < SNAPSHOT_WORDS; i++) {
        words[i] = 0;
    }
    __cpuid(0, most, ebx, ecx, edx);
    __cpuid(1, eax, ebx, ecx, edx);
    words[0] = ecx & LEAF_1_ECX;
    words[1] = edx & LEAF_1_EDX;
    if (ecx & OSXSAVE) {
        __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
        words[2] = eax & REGISTERS;
    }
    if (most >= 7) {
        __cpuid_count(7, 0, eax, ebx, ecx, edx);
        words[3] = ebx & LEAF_7_EBX;
        words[4] = ecx & LEAF_7_ECX;
        words[5] = edx & LEAF_7_EDX;
    }
    if (!(words[3] & AVX512F)) { /* its registers are nobody's */
        words[2] &= REGISTERS_OF_AVX;
    }
}

/* The kernel's state at the start of a program: no return address, %rdx 0. */
__asm__(".text\n"
        ".globl machine_continue\n"
        ".hidden machine_continue\n"
        ".type machine_continue,@function\n"
        "machine_continue:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined rip\n"
        "    endbr64\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rsp\n"
        "    mov %rdx, %rdi\n"
        "    mov %rcx, %rsi\n"
        "    mov %r8, %rdx\n"
        "    and $-16, %rsp\n"
        "    sub $256, %rsp\n"
        "    xor %ebp, %ebp\n"
        "    call *%rax\n"
        "    ud2\n"
        "    .cfi_endproc\n"
        ".size machine_continue, . - machine_continue\n"
        ".globl machine_begin\n"
        ".hidden machine_begin\n"
        ".type machine_begin,@function\n"
        "machine_begin:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined rip\n"
        "    endbr64\n"
        "    mov %rsi, %rsp\n"
        "    xor %edx, %edx\n"
        "    xor %ebp, %ebp\n"
        "    jmp *%rdi\n"
        "    .cfi_endproc\n"
        ".size machine_begin, . - machine_begin\n");
