/* Rights that the caller lacks. See exec/privilege.h.

   What is removed is what glibc removes (sysdeps/generic/unsecvars.h) and sudo (`env_delete`), and
   what the libraries in here read: each `getenv` of CPython, its standard library, OpenSSL, ncurses,
   libedit, SQLite and mimalloc that names a file, a module or a program. Some of them ask by
   themselves whether they may, each in its own way; none of them has to be relied on. */

#include "exec/privilege.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SYSTEM_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* A name that ends in `*` stands for all that begin so; case is ignored, as mimalloc does. */
static const char *const unsafe[] = {
    /* The allocator, Python and its standard library. */
    "MIMALLOC_*", "PYTHON*", "_PYTHON*", "PY_SAX_PARSER", "TMPDIR", "TEMP", "TMP",
    /* Programs to start, and what shells and interpreters do first. */
    "BASHOPTS", "BASH_ENV", "BASH_FUNC_*", "BROWSER", "CDPATH", "EDITOR", "ENV", "FPATH",
    "GLOBIGNORE", "IFS", "JAVA_TOOL_OPTIONS", "MANPAGER", "NULLCMD", "PAGER", "PERL5DB",
    "PERL5LIB", "PERL5OPT", "PERLIO_DEBUG", "PERLLIB", "PS4", "READNULLCMD", "RUBYLIB", "RUBYOPT",
    "SHELLOPTS", "TMPPREFIX", "VISUAL", "ZDOTDIR",
    /* Dynamic linkers of the programs that are started, and libc. */
    "DATEMSK", "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "HOSTALIASES", "LD_*", "LOCALDOMAIN",
    "LOCPATH", "MALLOC_*", "MUSL_LOCPATH", "NIS_PATH", "NLSPATH", "PATH_LOCALE",
    "RESOLV_HOST_CONF", "RES_OPTIONS", "TZDIR", "_RLD*",
    /* Certificates, keys and code for TLS. */
    "AWS_CA_BUNDLE", "CTLOG_FILE", "CURL_CA_BUNDLE", "LEGACY_GOST_PKCS12", "OPENSSL_*",
    "OSSL_QFILTER", "QLOGDIR", "RANDFILE", "REQUESTS_CA_BUNDLE", "SSLKEYLOGFILE", "SSL_CERT_*",
    /* Terminals, and files of other libraries. */
    "EDITRC", "EXPAT_*", "INPUTRC", "NCURSES_*", "SGML_CATALOG_FILES", "SQLITE_*", "TERMCAP",
    "TERMINFO", "TERMINFO_DIRS", "TERMPATH", "XML_CATALOG_FILES",
};

extern char **environ;

bool
privilege_is_raised(void)
{
    return issetugid() != 0;
}

static bool
matches(const char *entry, size_t name_size, const char *pattern)
{
    size_t size = strlen(pattern);

    if (pattern[size - 1] == '*') {
        return strncasecmp(entry, pattern, size - 1) == 0;
    }
    return name_size == size && strncasecmp(entry, pattern, size) == 0;
}

/* A time zone by name is looked up where the system has them; anything else may be a file. */
static bool
is_file_of_zone(const char *entry)
{
    const char *zone = entry + 3;

    if (strncmp(entry, "TZ=", 3) != 0) {
        return false;
    }
    zone += *zone == ':';
    return *zone == '/' || *zone == '.' || strstr(zone, "..") != NULL;
}

static bool
is_unsafe(const char *entry)
{
    size_t name_size = strcspn(entry, "=");

    for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
        if (matches(entry, name_size, unsafe[i])) {
            return true;
        }
    }
    return is_file_of_zone(entry);
}

/* The first constructor of all, for the allocator's reads the environment. PATH names programs of the
   caller's, and the standard library starts some by name (platform.processor). */
__attribute__((constructor(101))) static void
clean_environment(void)
{
    static char system_path[] = SYSTEM_PATH;
    char **kept = environ;

    if (!privilege_is_raised() || environ == NULL) {
        return;
    }
    for (char **entry = environ; *entry != NULL; entry++) {
        if (!is_unsafe(*entry)) {
            *kept++ = strncmp(*entry, "PATH=", 5) == 0 ? system_path : *entry;
        }
    }
    *kept = NULL;
}
