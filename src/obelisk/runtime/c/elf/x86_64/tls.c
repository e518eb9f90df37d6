/* Thread-local variables of linked shared objects, on x86-64. */

/* Room for them: part of the block that every thread has, it costs nothing until it is touched. `link`
   hands it out; see link/elf/tls.py. This is the first file of the link, so the room follows the
   runtime's own initial values, and the image that libc copies for a thread stays short. */
#define POOL_SIZE (512 * 1024)

extern _Thread_local char obelisk_tls_pool[POOL_SIZE];

__attribute__((used, aligned(256))) _Thread_local char obelisk_tls_pool[POOL_SIZE];

/* What a TLS descriptor calls: %rax points to it, its second word is the variable's distance from
   the thread pointer, and no other register may change. See Oliva and Araujo, "Thread-Local Storage
   Descriptors for IA32 and AMD64/EM64T". */
__asm__(".text\n"
        ".globl obelisk_tls_descriptor\n"
        ".type obelisk_tls_descriptor,@function\n"
        "obelisk_tls_descriptor:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    mov 8(%rax), %rax\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size obelisk_tls_descriptor, .-obelisk_tls_descriptor\n");
