/* Where OpenSSL finds certificates of authorities when no variable says so: each system has its own
   place. The lists are those of Go's crypto/x509/root_linux.go. A system without any is served with
   the file of the certifi package, which the application or Obelisk brought. */

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "os/os.h"
#include "vfs/layout.h"
#include "vfs/vfs.h"

static const char *const system_files[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Gentoo */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL 6 */
    "/etc/ssl/ca-bundle.pem",                            /* openSUSE */
    "/etc/pki/tls/cacert.pem",                           /* OpenELEC */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* CentOS, RHEL 7 */
    "/etc/ssl/cert.pem",                                 /* Alpine, OpenSSL's own default */
    NULL,
};
static const char *const system_folders[] = {
    "/etc/ssl/certs",     /* SLES 10 and 11 */
    "/etc/pki/tls/certs", /* Fedora, RHEL */
    NULL,
};
static const char *const carried_files[] = {
    LAYOUT_SITE "/certifi/cacert.pem",
    ".obelisk/cacert.pem",
    NULL,
};

const char *__wrap_X509_get_default_cert_file(void);
const char *__wrap_X509_get_default_cert_dir(void);

static const char *
first_readable(const char *const *files)
{
    while (*files != NULL && access(*files, R_OK) != 0) {
        files++;
    }
    return *files;
}

static bool
has_entries(const char *name)
{
    DIR *folder = opendir(name);
    const struct dirent *entry = NULL;

    if (folder != NULL) {
        do {
            entry = readdir(folder);
        } while (entry != NULL && entry->d_name[0] == '.');
        closedir(folder);
    }
    return entry != NULL;
}

static const char *
first_filled(const char *const *folders)
{
    while (*folders != NULL && !has_entries(*folders)) {
        folders++;
    }
    return *folders;
}

const char *
__wrap_X509_get_default_cert_file(void)
{
    static char carried[PATH_MAX];
    const char *found = first_readable(system_files);

    if (found != NULL) {
        return found;
    }
    if (first_filled(system_folders) != NULL) {
        return "/etc/ssl/cert.pem";
    }
    for (const char *const *file = carried_files; *file != NULL; file++) {
        snprintf(carried, sizeof(carried), "%s/%s", os_executable(), *file);
        if (access(carried, R_OK) == 0) {
            return carried;
        }
    }
    return "/etc/ssl/cert.pem";
}

const char *
__wrap_X509_get_default_cert_dir(void)
{
    const char *found = first_filled(system_folders);

    return found ? found : system_folders[0];
}
