// An exception that two shared objects know.

#include <stdexcept>

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
    ~Error() override;
};
