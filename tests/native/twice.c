/* An extension of SQLite: a function that doubles a number. */

#include <sqlite3ext.h>

SQLITE_EXTENSION_INIT1

static void
twice(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    sqlite3_result_int64(context, 2 * sqlite3_value_int64(values[0]));
}

int
sqlite3_twice_init(sqlite3 *database, char **message, const sqlite3_api_routines *calls)
{
    (void)message;
    SQLITE_EXTENSION_INIT2(calls);
    return sqlite3_create_function(database, "twice", 1, SQLITE_UTF8, 0, twice, 0, 0);
}
