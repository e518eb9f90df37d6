/* Texts of Windows as bytes, and back. See os/windows/text.h. */

#include "os/windows/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xfffd

static bool
is_high(unsigned unit)
{
    return (unit & 0xfc00) == 0xd800;
}

static bool
is_low(unsigned unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

static char *
write_bytes(char *into, uint32_t character)
{
    if (character < 0x80) {
        *into++ = (char)character;
        return into;
    }
    if (character < 0x800) {
        *into++ = (char)(0xc0 | character >> 6);
    }
    else {
        if (character < 0x10000) {
            *into++ = (char)(0xe0 | character >> 12);
        }
        else {
            *into++ = (char)(0xf0 | character >> 18);
            *into++ = (char)(0x80 | (character >> 12 & 63));
        }
        *into++ = (char)(0x80 | (character >> 6 & 63));
    }
    *into++ = (char)(0x80 | (character & 63));
    return into;
}

char *
text_from_wide(const wchar_t *text)
{
    char *bytes = malloc(3 * wcslen(text) + 1);
    char *end = bytes;

    if (bytes == NULL) {
        return NULL;
    }
    while (*text != L'\0') {
        uint32_t character = *text++;
        if (is_high(character) && is_low(*text)) {
            character = 0x10000 + ((character & 0x3ff) << 10) + (*text++ & 0x3ffU);
        }
        end = write_bytes(end, character);
    }
    *end = '\0';
    return bytes;
}

/* Read a character that has several bytes; return how many, or 0 when they are none. */
static size_t
read_bytes(const unsigned char *bytes, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;

    if (bytes[0] < 0xc2 || bytes[0] > 0xf4) {
        return 0;
    }
    *character = bytes[0] & (0xffU >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        *character = *character << 6 | (bytes[i] & 63U);
    }
    return *character >= least[size] && *character < 0x110000 ? size : 0;
}

static size_t
decode(wchar_t *into, const char *text, bool strict)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t count = 0;

    while (*at != '\0') {
        uint32_t character = *at;
        size_t size = character < 0x80 ? 1 : read_bytes(at, &character);
        if (size == 0 && strict) {
            return SIZE_MAX;
        }
        if (size == 0) {
            character = REPLACEMENT;
        }
        at += size ? size : 1;
        if (character >= 0x10000) {
            into[count++] = (wchar_t)(0xd7c0 + (character >> 10));
            character = 0xdc00 | (character & 0x3ff);
        }
        into[count++] = (wchar_t)character;
    }
    into[count] = L'\0';
    return count;
}

size_t
text_decode(wchar_t *into, const char *text)
{
    return decode(into, text, true);
}

wchar_t *
text_to_wide(const char *text)
{
    wchar_t *wide = malloc((strlen(text) + 1) * sizeof(wchar_t));

    if (wide != NULL) {
        decode(wide, text, false);
    }
    return wide;
}
