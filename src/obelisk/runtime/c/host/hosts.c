/* `localhost` where there is no /etc/hosts, as in an empty container: RFC 6761 says what it is. */

#include <netdb.h>
#include <stddef.h>
#include <strings.h>
#include <unistd.h>

int __real_getaddrinfo(const char *restrict, const char *restrict,
                       const struct addrinfo *restrict, struct addrinfo **restrict);
int __wrap_getaddrinfo(const char *restrict, const char *restrict,
                       const struct addrinfo *restrict, struct addrinfo **restrict);

int
__wrap_getaddrinfo(const char *restrict host, const char *restrict service,
                   const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
    struct addrinfo loopback = {.ai_family = AF_UNSPEC};

    if (host == NULL || strcasecmp(host, "localhost") != 0 || access("/etc/hosts", R_OK) == 0) {
        return __real_getaddrinfo(host, service, hints, found);
    }
    if (hints != NULL) {
        loopback = *hints;
    }
    /* Without these flags no host at all means the loopback addresses. */
    loopback.ai_flags &= ~(AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST);
    return __real_getaddrinfo(service ? NULL : "127.0.0.1", service, &loopback, found);
}
