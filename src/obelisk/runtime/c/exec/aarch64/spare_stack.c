/* A call on a stack of its own, on AArch64. See exec/spare_stack.h. */

#include "exec/spare_stack.h"

#include <stddef.h>

#include "exec/scratch.h"

#define STACK_SIZE ((size_t)256 * 1024)

/* Calls `function` with the stack pointer at `top`, which 16 divides. */
long obelisk_call_on(long (*function)(void *), void *argument, char *top)
    __attribute__((visibility("hidden")));

__asm__(".text\n"
        ".balign 4\n"
        ".hidden obelisk_call_on\n"
        ".globl obelisk_call_on\n"
        ".type obelisk_call_on, %function\n"
        "obelisk_call_on:\n"
        "    .cfi_startproc\n"
        "    hint #34\n" /* bti c */
        "    stp x29, x30, [sp, #-16]!\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset x29, -16\n"
        "    .cfi_offset x30, -8\n"
        "    mov x29, sp\n"
        "    .cfi_def_cfa_register x29\n"
        "    mov sp, x2\n"
        "    mov x9, x0\n"
        "    mov x0, x1\n"
        "    blr x9\n"
        "    mov sp, x29\n"
        "    .cfi_def_cfa_register sp\n"
        "    ldp x29, x30, [sp], #16\n"
        "    .cfi_def_cfa_offset 0\n"
        "    .cfi_restore x29\n"
        "    .cfi_restore x30\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size obelisk_call_on, . - obelisk_call_on\n");

long
spare_stack_call(long (*function)(void *), void *argument)
{
    char *stack = scratch_reserve(SCRATCH_STACK, STACK_SIZE);

    return stack ? obelisk_call_on(function, argument, stack + STACK_SIZE) : -1;
}
