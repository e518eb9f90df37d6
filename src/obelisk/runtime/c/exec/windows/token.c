/* The permission to be `python`. See exec/windows/token.h. */

#include "exec/windows/token.h"

#include <stdint.h>
#include <string.h>
#include <windows.h>

#include <bcrypt.h>

bool
token_make(struct token *token)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bits[TOKEN_SIZE / 2];

    if (BCryptGenRandom(NULL, bits, sizeof(bits), BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(bits); i++) {
        token->text[2 * i] = digits[bits[i] >> 4];
        token->text[2 * i + 1] = digits[bits[i] & 15];
    }
    token->text[TOKEN_SIZE] = '\0';
    return true;
}

bool
token_equal(const struct token *one, const struct token *other)
{
    unsigned difference = 0;

    for (size_t i = 0; i < TOKEN_SIZE; i++) {
        difference |= (unsigned)(one->text[i] ^ other->text[i]);
    }
    return difference == 0;
}

const char *
token_read(const char *text, struct token *token)
{
    if (strspn(text, "0123456789abcdef") < TOKEN_SIZE) {
        return NULL;
    }
    memcpy(token->text, text, TOKEN_SIZE);
    token->text[TOKEN_SIZE] = '\0';
    return text + TOKEN_SIZE;
}
