// An extension module in C++: containers, and exceptions that become Python's.

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

static std::map<std::string, int>
count(const std::vector<std::string> &words)
{
    std::map<std::string, int> found;

    if (words.empty()) {
        throw std::invalid_argument("no words");
    }
    for (const auto &word : words) {
        found[word]++;
    }
    return found;
}

NB_MODULE(words, module)
{
    module.def("count", &count);
}
