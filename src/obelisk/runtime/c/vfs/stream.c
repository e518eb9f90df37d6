/* FILE streams of large files: musl reads them by system calls of its own. See vfs/content.h. */

#include "vfs/content.h"

#include <stdio.h>
#include <unistd.h>

ssize_t __wrap_read(int, void *, size_t);

/* The beginning of musl's FILE (src/internal/stdio_impl.h). */
struct stream {
    unsigned flags;
    unsigned char *rpos, *rend;
    int (*close)(FILE *);
    unsigned char *wend, *wpos;
    unsigned char *mustbezero_1;
    unsigned char *wbase;
    size_t (*read)(FILE *, unsigned char *, size_t);
    size_t (*write)(FILE *, const unsigned char *, size_t);
    off_t (*seek)(FILE *, off_t, int);
    unsigned char *buf;
    size_t buf_size;
    FILE *prev, *next;
    int fd;
};

#define STREAM_EOF 16
#define STREAM_ERROR 32

size_t __real___stdio_read(FILE *, unsigned char *, size_t);
size_t __wrap___stdio_read(FILE *, unsigned char *, size_t);

/* Read at least `size` bytes' worth, and what fits into the stream's buffer besides. As musl's own, it gives
   the last byte from the buffer, so that one can be put back. */
size_t
__wrap___stdio_read(FILE *file, unsigned char *into, size_t size)
{
    struct stream *stream = (void *)file;
    size_t direct = size - (stream->buf_size != 0);
    const struct vfs_large *large;
    ssize_t count = vfs_large_of(stream->fd, &large);

    if (count == 0 && large == NULL) {
        return __real___stdio_read(file, into, size);
    }
    if (count == 0 && direct > 0) {
        count = __wrap_read(stream->fd, into, direct);
    }
    if (count < 0 || (count == 0 && direct > 0)) {
        stream->flags |= count ? STREAM_ERROR : STREAM_EOF;
        return 0;
    }
    if ((size_t)count < direct || stream->buf_size == 0) {
        return (size_t)count;
    }
    count = __wrap_read(stream->fd, stream->buf, stream->buf_size);
    if (count <= 0) {
        stream->flags |= direct > 0 ? 0U : count ? STREAM_ERROR : STREAM_EOF;
        return direct;
    }
    stream->rpos = stream->buf;
    stream->rend = stream->buf + count;
    into[size - 1] = *stream->rpos++;
    return size;
}
