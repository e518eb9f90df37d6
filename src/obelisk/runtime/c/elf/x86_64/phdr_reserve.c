/* The executable's first page, on x86-64: room for program headers, and the code that runs first.

   Both are a note, which every linker puts between the header table and all other content. `link`
   writes program headers over the room (link/link.py) and makes this page executable.

   A file that was cut short is mapped as if it were whole, and the first access beyond its end kills
   the process without a word. So before anything else is touched, which may lie megabytes behind, the
   size of the file is compared with what the program headers say. Only this page, the stack and system
   calls are used. Where the file cannot be opened, nothing is compared.

   %rsp and %rdx are given on to libc's `_start` as the kernel left them. */

#ifdef OBELISK_SNAPSHOT
#define ROOM "1008" /* bytes: two program headers more than others have */
/* The snapshot may fit: then it does not return (snapshot/start.c). */
#define TRY_SNAPSHOT "    mov %r12, %rdi\n    call snapshot_start\n"
#else
#define ROOM "896" /* bytes: 16 program headers */
#define TRY_SNAPSHOT
#endif

__asm__(".section .note.obelisk, \"a\", @note\n"
        ".balign 8\n"
        ".skip " ROOM "\n"
        ".globl obelisk_start\n"
        ".hidden obelisk_start\n"
        ".type obelisk_start, @function\n"
        "obelisk_start:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined rip\n"
        "    endbr64\n"
        "    jmp 7f\n"
        /* Before the code, so that a file which has all of that has these too. */
        "path: .asciz \"/proc/self/exe\"\n"
        "message: .ascii \": corrupt executable: file truncated\\n\"\n"
        "message_end:\n"
        "7:  mov %rsp, %r12\n"
        "    mov %rdx, %r13\n"
        "    lea __ehdr_start(%rip), %r14\n"
        "    sub $256, %rsp\n"

        /* %r15: where the last segment ends in the file. */
        "    xor %r15d, %r15d\n"
        "    movzwl 56(%r14), %ecx\n" /* e_phnum */
        "    mov 32(%r14), %rax\n"    /* e_phoff */
        "    add %r14, %rax\n"
        "1:  cmpl $1, (%rax)\n" /* PT_LOAD */
        "    jne 2f\n"
        "    mov 8(%rax), %rdx\n" /* p_offset */
        "    add 32(%rax), %rdx\n" /* p_filesz */
        "    cmp %r15, %rdx\n"
        "    cmova %rdx, %r15\n"
        "2:  add $56, %rax\n"
        "    dec %ecx\n"
        "    jnz 1b\n"

        /* %r9: AT_EXECFN, the path that was executed; behind the arguments and the environment. */
        "    xor %r9d, %r9d\n"
        "    mov (%r12), %rcx\n"
        "    lea 16(%r12,%rcx,8), %rcx\n"
        "1:  add $8, %rcx\n"
        "    cmpq $0, -8(%rcx)\n"
        "    jne 1b\n"
        "2:  mov (%rcx), %rax\n"
        "    add $16, %rcx\n"
        "    test %rax, %rax\n"
        "    jz 3f\n"
        "    cmp $31, %rax\n"
        "    jne 2b\n"
        "    mov -8(%rcx), %r9\n"

        "3:  mov $0x80800, %esi\n" /* O_RDONLY | O_CLOEXEC | O_NONBLOCK */
        "    xor %edx, %edx\n"
        "    lea path(%rip), %rdi\n"
        "    mov $2, %eax\n" /* open */
        "    syscall\n"
        "    test %eax, %eax\n"
        "    jns 4f\n"
        "    mov %r9, %rdi\n"
        "    test %rdi, %rdi\n"
        "    jz 9f\n"
        "    mov $2, %eax\n" /* open */
        "    syscall\n"
        "    test %eax, %eax\n"
        "    js 9f\n"

        "4:  mov %eax, %ebx\n"
        "    mov %eax, %edi\n"
        "    mov %rsp, %rsi\n"
        "    mov $5, %eax\n" /* fstat */
        "    syscall\n"
        "    test %eax, %eax\n"
        "    jnz 8f\n"
        "    cmp %r15, 48(%rsp)\n" /* st_size */
        "    jge 8f\n"

        /* Without /proc it may be another file: that of a script that names this one. */
        "    mov %ebx, %edi\n"
        "    mov %rsp, %rsi\n"
        "    mov $64, %edx\n" /* sizeof(Elf64_Ehdr) */
        "    xor %r10d, %r10d\n"
        "    mov $17, %eax\n" /* pread64 */
        "    syscall\n"
        "    cmp $64, %rax\n"
        "    jne 8f\n"
        "    mov %rsp, %rsi\n"
        "    mov %r14, %rdi\n"
        "    mov $64, %ecx\n"
        "    repe cmpsb\n"
        "    jne 8f\n"

        "    mov %r9, %rsi\n"
        "    test %rsi, %rsi\n"
        "    jz 6f\n"
        "    mov $-1, %rdx\n"
        "5:  inc %rdx\n"
        "    cmpb $0, (%rsi,%rdx)\n"
        "    jne 5b\n"
        "    mov $2, %edi\n"
        "    mov $1, %eax\n" /* write */
        "    syscall\n"
        "6:  lea message(%rip), %rsi\n"
        "    mov $message_end - message, %edx\n"
        "    mov $2, %edi\n"
        "    mov $1, %eax\n" /* write */
        "    syscall\n"
        "    mov $74, %edi\n" /* OS_EXIT_DAMAGED */
        "    mov $231, %eax\n" /* exit_group */
        "    syscall\n"
        "    ud2\n"

        "8:  mov %ebx, %edi\n"
        "    mov $3, %eax\n" /* close */
        "    syscall\n"
        /* What is relocated or initialised is written to: its pages are copied all at once, which costs
           half of as many page faults. Older kernels refuse. */
        "9:\n" TRY_SNAPSHOT
        "    movzwl 56(%r14), %ebx\n" /* e_phnum */
        "    mov 32(%r14), %rbp\n"    /* e_phoff */
        "    add %r14, %rbp\n"
        "1:  cmpl $1, (%rbp)\n" /* PT_LOAD */
        "    jne 2f\n"
        "    testb $2, 4(%rbp)\n" /* PF_W */
        "    jz 2f\n"
        "    mov 16(%rbp), %rdi\n" /* p_vaddr */
        "    add %r14, %rdi\n"
        "    mov 32(%rbp), %rsi\n" /* p_filesz */
        "    add $4095, %rsi\n"
        "    and $-4096, %rsi\n"
        "    mov $23, %edx\n" /* MADV_POPULATE_WRITE */
        "    mov $28, %eax\n" /* madvise */
        "    syscall\n"
        "2:  add $56, %rbp\n"
        "    dec %ebx\n"
        "    jnz 1b\n"
        "    mov %r12, %rsp\n"
        "    mov %r13, %rdx\n"
        "    jmp _start\n"
        "    .cfi_endproc\n"
        ".size obelisk_start, . - obelisk_start\n"
        /* What follows is not in the first page. */
        ".skip 4096 - " ROOM " - (. - obelisk_start)\n"
        ".text\n");
