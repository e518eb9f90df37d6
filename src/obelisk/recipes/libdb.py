"""Berkeley DB 1.85 as MIT Kerberos maintains it, for `dbm.ndbm`: gdbm is GPL, later ones AGPL."""

from __future__ import annotations

import re
from typing import Final

from obelisk.recipes.context import RecipeContext

_BASE: Final = "src/plugins/kdb/db2/libdb2"
_TYPES: Final = ("U_CHAR", "U_INT", "U_LONG", "U_INT32_T", "U_INT16_T", "U_INT8_T")
_MORE_TYPES: Final = ("INT16_T", "INT8_T", "INT32_T", "SSIZE_T")
_PLATFORM: Final = """\
#include <fcntl.h>
#include <string.h>
#define set_cloexec_fd(fd) fcntl((fd), F_SETFD, FD_CLOEXEC)
#define THREEPARAMOPEN(path, flags, mode) open((path), (flags), (mode))
"""
_HEADER: Final = """\
/* The ndbm interface of Berkeley DB 1.85 (4.3BSD). */
#ifndef _NDBM_H_
#define _NDBM_H_
#include <sys/types.h>
#define DBM_INSERT 0
#define DBM_REPLACE 1
#define DBM_SUFFIX ".db"
typedef struct { char *dptr; int dsize; } datum;
typedef struct __db DBM;
void dbm_close(DBM *);
int dbm_delete(DBM *, datum);
datum dbm_fetch(DBM *, datum);
datum dbm_firstkey(DBM *);
datum dbm_nextkey(DBM *);
DBM *dbm_open(const char *, int, int);
int dbm_store(DBM *, datum, datum, int);
int dbm_error(DBM *);
int dbm_clearerr(DBM *);
#endif
"""


def build(shop: RecipeContext) -> None:
    """Build libndbm and install ndbm.h."""
    include = shop.tree / _BASE / "include"
    (include / "autoconf.h").write_text("#define HAVE_ENDIAN_H 1\n#define HAVE_SYS_PARAM_H 1\n")
    # All that is used of Kerberos' own portability header.
    (include / "k5-platform.h").write_text(_PLATFORM)
    for name in ("db-config", "db"):
        (include / f"{name}.h").write_text((include / f"{name}.hin").read_text())
    # Kerberos hides the names of ndbm behind a prefix of its own.
    for path in (include / "db-ndbm.h", shop.tree / _BASE / "hash/dbm.c"):
        plain = re.sub(r"#define dbm_\w+\s+kdb2_dbm_\w+\n", "", path.read_text())
        path.write_text(plain.replace("kdb2_dbm_", "dbm_"))
    sources = [
        name
        for folder in ("btree", "db", "hash", "mpool", "recno")
        for name in shop.glob(f"{folder}/*.c", base=_BASE, without=("hsearch.c",))
    ]
    flags = (
        *(f"-DHAVE_{name}" for name in (*_TYPES, *_MORE_TYPES)),
        *("-D_GNU_SOURCE", "-Iinclude", "-Impool", "-Idb", "-Ihash", "-Ibtree", "-Irecno"),
        *("-D__P(x)=x", "-D__BEGIN_DECLS=", "-D__END_DECLS=", "-std=gnu11", "-w"),
    )
    shop.library("libndbm", sources, flags=flags, base=_BASE)
    shop.header("ndbm.h", _HEADER)
