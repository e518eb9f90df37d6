/* Where OpenSSL finds the certificates of authorities, whatever the distribution.

   OpenSSL is built for /etc/ssl, which serves Debian (a folder with hashed names) and Alpine. Linked
   with --wrap, its question for the default file is answered with what this machine has, and at last
   with the file of the certifi package, if the application carries it. */

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "os.h"

static const char *const known_files[] = {
    "/etc/ssl/cert.pem",                                 /* Alpine, OpenSSL's own default */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* the same, newer */
    "/etc/ssl/ca-bundle.pem",                            /* SUSE */
    NULL,
};

const char *__wrap_X509_get_default_cert_file(void);

const char *
__wrap_X509_get_default_cert_file(void)
{
    static char carried[4096];

    for (const char *const *file = known_files; *file != NULL; file++) {
        if (access(*file, R_OK) == 0) {
            return *file;
        }
    }
    snprintf(carried, sizeof(carried), "%s/certifi/cacert.pem", os_executable());
    if (access("/etc/ssl/certs", R_OK) != 0 && access(carried, R_OK) == 0) {
        return carried;
    }
    return known_files[0];
}
