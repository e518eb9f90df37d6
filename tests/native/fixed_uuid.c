/* libuuid's generators, changed: every UUID is the same. */

#include <string.h>

void uuid_generate(unsigned char *out);
void uuid_generate_random(unsigned char *out);
void uuid_generate_time(unsigned char *out);
int uuid_generate_time_safe(unsigned char *out);

void
uuid_generate(unsigned char *out)
{
    memset(out, 0x42, 16);
}

void
uuid_generate_random(unsigned char *out)
{
    uuid_generate(out);
}

void
uuid_generate_time(unsigned char *out)
{
    uuid_generate(out);
}

int
uuid_generate_time_safe(unsigned char *out)
{
    uuid_generate(out);
    return 0;
}
