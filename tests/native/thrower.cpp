// Throws what another object catches, and what only a common base tells.

#include <stdexcept>
#include <string>

#include "error.h"

Error::~Error() = default;

extern "C" void
throw_error(int kind)
{
    switch (kind) {
    case 1:
        throw Error("an own type");
    case 2:
        throw std::out_of_range("of the library");
    default:
        throw kind;
    }
}
