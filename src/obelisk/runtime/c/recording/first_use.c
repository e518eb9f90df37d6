/* Noting what a start uses of the payload. See recording/first_use.h. */

#include "recording/first_use.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/uio.h>
#include <unistd.h>

#include "payload/payload.h"
#include "payload/settings.h"

/* Records that are noted once; those behind them are noted whenever they are used. */
#define KNOWN (1u << 20)

int __real_open(const char *, int, ...);

static atomic_uchar noted[PAYLOAD_TABLES][KNOWN / CHAR_BIT];

static bool
is_first(enum payload_table table, uint32_t position)
{
    unsigned char bit = (unsigned char)(1u << position % CHAR_BIT);

    if (position >= KNOWN) {
        return true;
    }
    return !(atomic_fetch_or(&noted[table][position / CHAR_BIT], bit) & bit);
}

/* Each note is the table, the size of the key and the key, in one piece: other processes write too. */
static void
note(const char *path, enum payload_table table, struct payload_span key)
{
    unsigned char head[3] = {(unsigned char)table, (unsigned char)(key.size & 0xff),
                             (unsigned char)(key.size >> 8 & 0xff)};
    struct iovec parts[] = {
        {head, sizeof(head)},
        {(void *)(uintptr_t)key.start, key.size},
    };
    int file = __real_open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

    if (file >= 0) {
        (void)!writev(file, parts, sizeof(parts) / sizeof(parts[0]));
        close(file);
    }
}

static void
first_use(const struct payload *payload, const struct payload_record *record)
{
    int before = errno;
    const char *path = settings_get("first_use_log");

    for (int i = 0; path != NULL && i < PAYLOAD_TABLES; i++) {
        const struct payload_record *records = payload->tables[i].records;
        if (record >= records && record < records + payload->tables[i].count) {
            enum payload_table table = (enum payload_table)i;
            if (is_first(table, payload_position(payload, table, record))) {
                note(path, table, payload_name(payload, record));
            }
        }
    }
    errno = before;
}

void
first_use_begin(void)
{
    payload_watch = first_use;
}
