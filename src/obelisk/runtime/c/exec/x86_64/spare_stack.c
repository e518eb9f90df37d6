/* A call on a stack of its own, on x86-64. See exec/spare_stack.h. */

#include "exec/spare_stack.h"

#include <stddef.h>

#include "exec/scratch.h"

#define STACK_SIZE ((size_t)256 * 1024)

/* Calls `function` with the stack pointer at `top`, which 16 divides. */
long obelisk_call_on(long (*function)(void *), void *argument, char *top)
    __attribute__((visibility("hidden")));

__asm__(".text\n"
        ".hidden obelisk_call_on\n"
        ".globl obelisk_call_on\n"
        ".type obelisk_call_on, @function\n"
        "obelisk_call_on:\n"
        "    .cfi_startproc\n"
        "    push %rbp\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset %rbp, -16\n"
        "    mov %rsp, %rbp\n"
        "    .cfi_def_cfa_register %rbp\n"
        "    mov %rdx, %rsp\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    call *%rax\n"
        "    mov %rbp, %rsp\n"
        "    pop %rbp\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size obelisk_call_on, . - obelisk_call_on\n");

long
spare_stack_call(long (*function)(void *), void *argument)
{
    char *stack = scratch_reserve(SCRATCH_STACK, STACK_SIZE);

    return stack ? obelisk_call_on(function, argument, stack + STACK_SIZE) : -1;
}
