/* The executable's first page, on AArch64: room for program headers, and the code that runs first. See
   elf/x86_64/phdr_reserve.c, which this says for another machine. A page is 64 KiB here, the largest
   that a kernel may use, since the next one has other rights.

   sp and x0 are given on to libc's `_start` as the kernel left them. */

#define ROOM "896" /* bytes: 16 program headers */

__asm__(".section .note.obelisk, \"a\", @note\n"
        ".balign 8\n"
        ".skip " ROOM "\n"
        ".globl obelisk_start\n"
        ".hidden obelisk_start\n"
        ".type obelisk_start, %function\n"
        "obelisk_start:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined x30\n"
        "    hint #34\n" /* bti c */
        "    b 7f\n"
        /* Before the code, so that a file which has all of that has these too. */
        ".Lpath: .asciz \"/proc/self/exe\"\n"
        ".Lmessage: .ascii \": corrupt executable: file truncated\\n\"\n"
        ".Lmessage_end:\n"
        ".balign 4\n"
        "7:  mov x19, sp\n"
        "    mov x20, x0\n"
        "    adr x21, __ehdr_start\n"
        "    sub sp, sp, #256\n"

        /* x22: where the last segment ends in the file. */
        "    mov x22, #0\n"
        "    ldrh w1, [x21, #56]\n" /* e_phnum */
        "    ldr x2, [x21, #32]\n"  /* e_phoff */
        "    add x2, x2, x21\n"
        "1:  ldr w3, [x2]\n"
        "    cmp w3, #1\n" /* PT_LOAD */
        "    b.ne 2f\n"
        "    ldr x3, [x2, #8]\n"  /* p_offset */
        "    ldr x4, [x2, #32]\n" /* p_filesz */
        "    add x3, x3, x4\n"
        "    cmp x3, x22\n"
        "    csel x22, x3, x22, hi\n"
        "2:  add x2, x2, #56\n"
        "    subs w1, w1, #1\n"
        "    b.ne 1b\n"

        /* x23: AT_EXECFN, the path that was executed; behind the arguments and the environment. */
        "    mov x23, #0\n"
        "    ldr x1, [x19]\n"
        "    add x1, x19, x1, lsl #3\n"
        "    add x1, x1, #16\n"
        "1:  ldr x2, [x1], #8\n"
        "    cbnz x2, 1b\n"
        "2:  ldr x2, [x1], #16\n"
        "    cbz x2, 3f\n"
        "    cmp x2, #31\n"
        "    b.ne 2b\n"
        "    ldr x23, [x1, #-8]\n"

        "3:  mov x0, #-100\n" /* AT_FDCWD */
        "    adr x1, .Lpath\n"
        "    mov w2, #0x800\n" /* O_RDONLY | O_CLOEXEC | O_NONBLOCK */
        "    movk w2, #0x8, lsl #16\n"
        "    mov x3, #0\n"
        "    mov x8, #56\n" /* openat */
        "    svc #0\n"
        "    tbz w0, #31, 4f\n"
        "    cbz x23, 9f\n"
        "    mov x0, #-100\n"
        "    mov x1, x23\n"
        "    svc #0\n"
        "    tbnz w0, #31, 9f\n"

        "4:  mov w24, w0\n"
        "    mov x1, sp\n"
        "    mov x8, #80\n" /* fstat */
        "    svc #0\n"
        "    cbnz w0, 8f\n"
        "    ldr x1, [sp, #48]\n" /* st_size */
        "    cmp x1, x22\n"
        "    b.ge 8f\n"

        /* Without /proc it may be another file: that of a script that names this one. */
        "    mov w0, w24\n"
        "    mov x1, sp\n"
        "    mov x2, #64\n" /* sizeof(Elf64_Ehdr) */
        "    mov x3, #0\n"
        "    mov x8, #67\n" /* pread64 */
        "    svc #0\n"
        "    cmp x0, #64\n"
        "    b.ne 8f\n"
        "    mov x1, #0\n"
        "5:  ldr x2, [sp, x1]\n"
        "    ldr x3, [x21, x1]\n"
        "    cmp x2, x3\n"
        "    b.ne 8f\n"
        "    add x1, x1, #8\n"
        "    cmp x1, #64\n"
        "    b.ne 5b\n"

        "    cbz x23, 6f\n"
        "    mov x1, x23\n"
        "    mov x2, #-1\n"
        "5:  add x2, x2, #1\n"
        "    ldrb w3, [x1, x2]\n"
        "    cbnz w3, 5b\n"
        "    mov x0, #2\n"
        "    mov x8, #64\n" /* write */
        "    svc #0\n"
        "6:  adr x1, .Lmessage\n"
        "    adr x2, .Lmessage_end\n"
        "    sub x2, x2, x1\n"
        "    mov x0, #2\n"
        "    mov x8, #64\n" /* write */
        "    svc #0\n"
        "    mov x0, #74\n" /* OS_EXIT_DAMAGED */
        "    mov x8, #94\n" /* exit_group */
        "    svc #0\n"
        "    brk #1\n"

        "8:  mov w0, w24\n"
        "    mov x8, #57\n" /* close */
        "    svc #0\n"
        /* What is relocated or initialised is written to: its pages are copied all at once, which costs
           half of as many page faults. Older kernels refuse. */
        "9:  ldrh w24, [x21, #56]\n" /* e_phnum */
        "    ldr x25, [x21, #32]\n"  /* e_phoff */
        "    add x25, x25, x21\n"
        "1:  ldr w1, [x25]\n"
        "    cmp w1, #1\n" /* PT_LOAD */
        "    b.ne 2f\n"
        "    ldr w1, [x25, #4]\n"
        "    tbz w1, #1, 2f\n" /* PF_W */
        "    ldr x0, [x25, #16]\n" /* p_vaddr */
        "    add x0, x0, x21\n"
        "    ldr x1, [x25, #32]\n" /* p_filesz; the kernel takes whole pages */
        "    mov x2, #23\n"        /* MADV_POPULATE_WRITE */
        "    mov x8, #233\n"       /* madvise */
        "    svc #0\n"
        "2:  add x25, x25, #56\n"
        "    subs w24, w24, #1\n"
        "    b.ne 1b\n"
        "    mov sp, x19\n"
        "    mov x0, x20\n"
        "    b _start\n"
        "    .cfi_endproc\n"
        ".size obelisk_start, . - obelisk_start\n"
        /* What follows is not in the first page. */
        ".skip 65536 - " ROOM " - (. - obelisk_start)\n"
        ".text\n");
