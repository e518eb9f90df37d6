/* In place of OpenSSL's AES for AVX-512, three quarters of a megabyte of unrolled code, in runtimes
 * that are made to be small: AES-NI does it, at 2.2 GiB a second where this did 3.8.
 *
 * The linker takes no member of libcrypto.a whose symbols are all defined already. OpenSSL asks the
 * two functions that return 0 before it calls any other, as on a processor without AVX-512. */

int ossl_vaes_vpclmulqdq_capable(void);
int aesni_xts_avx512_eligible(void);

int
ossl_vaes_vpclmulqdq_capable(void)
{
    return 0;
}

int
aesni_xts_avx512_eligible(void)
{
    return 0;
}

#define NEVER_CALLED(name)                                                                         \
    _Noreturn void name(void);                                                                     \
    _Noreturn void name(void)                                                                      \
    {                                                                                              \
        __builtin_trap();                                                                          \
    }

NEVER_CALLED(ossl_aes_gcm_init_avx512)
NEVER_CALLED(ossl_aes_gcm_setiv_avx512)
NEVER_CALLED(ossl_aes_gcm_update_aad_avx512)
NEVER_CALLED(ossl_aes_gcm_encrypt_avx512)
NEVER_CALLED(ossl_aes_gcm_decrypt_avx512)
NEVER_CALLED(ossl_aes_gcm_finalize_avx512)
NEVER_CALLED(ossl_gcm_gmult_avx512)
NEVER_CALLED(aesni_xts_128_encrypt_avx512)
NEVER_CALLED(aesni_xts_128_decrypt_avx512)
NEVER_CALLED(aesni_xts_256_encrypt_avx512)
NEVER_CALLED(aesni_xts_256_decrypt_avx512)
