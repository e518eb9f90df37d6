/* Texts of Windows, whose units have 16 bits and need not be well-formed, as bytes and back: UTF-8, in
   which a surrogate without its other half has three bytes of its own (WTF-8). Nothing is lost. */

#ifndef OBELISK_TEXT_H
#define OBELISK_TEXT_H

#include <stddef.h>
#include <wchar.h>

/* Return such a text as bytes, in memory that is to be freed; NULL when there is none. */
char *text_from_wide(const wchar_t *text);

/* Return what text_from_wide was given, in memory that is to be freed; NULL when there is none. Other
   bytes become U+FFFD. */
wchar_t *text_to_wide(const char *text);

/* Write it to `into`, which has room for `strlen(text) + 1` units; return how many were written before
   the zero, or SIZE_MAX when a byte belongs to no character. */
size_t text_decode(wchar_t *into, const char *text);

#endif
