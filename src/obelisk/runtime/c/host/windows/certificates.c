/* Where OpenSSL finds certificates of authorities when no variable says so. Python's `ssl` takes those of
   the system's stores first, in which Windows puts an authority only when something of the system asked
   for it: the file of the certifi package, which the application or Obelisk brought, has the others.

   OpenSSL's own default is a folder that any user may create on some systems, so it is never used. */

#include <stdio.h>

#include "os/os.h"
#include "vfs/layout.h"
#include "vfs/windows/own.h"

const char *__wrap_X509_get_default_cert_file(void);
const char *__wrap_X509_get_default_cert_dir(void);

static const char *const carried_files[] = {
    LAYOUT_SITE "\\certifi\\cacert.pem",
    ".obelisk\\cacert.pem",
};

/* OpenSSL takes paths in UTF-8. */
const char *
__wrap_X509_get_default_cert_file(void)
{
    static char path[PATH_MAX];

    for (size_t i = 0; i < sizeof(carried_files) / sizeof(carried_files[0]); i++) {
        if (own_has(carried_files[i])) {
            snprintf(path, sizeof(path), "%s\\%s", os_executable(), carried_files[i]);
            return path;
        }
    }
    return __wrap_X509_get_default_cert_dir();
}

const char *
__wrap_X509_get_default_cert_dir(void)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s\\.obelisk\\certs", os_executable());
    return path;
}
