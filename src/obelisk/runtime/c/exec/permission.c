/* The permission to be `python`. See exec/permission.h. */

#include "exec/permission.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BITS (8 * sizeof(((struct permission *)0)->bits))

bool
permission_make(struct permission *permission)
{
    long got;

    do {
        got = syscall(SYS_getrandom, permission->bits, sizeof(permission->bits), 0);
    } while (got == -1 && errno == EINTR);
    return got == (long)sizeof(permission->bits);
}

bool
permission_equal(const struct permission *one, const struct permission *other)
{
    unsigned difference = 0;

    for (size_t i = 0; i < sizeof(one->bits); i++) {
        difference |= (unsigned)(one->bits[i] ^ other->bits[i]);
    }
    return difference == 0;
}

char *
permission_write_mark(char *into, const struct permission *permission, const char *path)
{
    if (path[0] != '/') {
        *into++ = '.';
    }
    *into++ = '/';
    for (size_t i = 0; i < BITS; i++) {
        if (permission->bits[i / 8] >> i % 8 & 1) {
            *into++ = '.';
        }
        *into++ = '/';
    }
    return into;
}

const char *
permission_read_mark(const char *word, struct permission *permission)
{
    word += *word == '.';
    if (*word++ != '/') {
        return NULL;
    }
    memset(permission, 0, sizeof(*permission));
    for (size_t i = 0; i < BITS; i++) {
        if (*word == '.') {
            permission->bits[i / 8] |= (uint8_t)(1U << i % 8);
            word++;
        }
        if (*word++ != '/') {
            return NULL;
        }
    }
    return word;
}

char *
permission_write_text(char *into, const struct permission *permission)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof(permission->bits); i++) {
        *into++ = digits[permission->bits[i] >> 4];
        *into++ = digits[permission->bits[i] & 15];
    }
    return into;
}

static int
read_digit(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool
permission_read_text(const char *text, struct permission *permission)
{
    if (strlen(text) != PERMISSION_TEXT) {
        return false;
    }
    for (size_t i = 0; i < sizeof(permission->bits); i++) {
        int high = read_digit(text[2 * i]);
        int low = read_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        permission->bits[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
