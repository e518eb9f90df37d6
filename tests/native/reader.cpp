// Reads a file by C++ streams, by C's, and by mapping it; each gives the sum of its bytes.

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

template <typename Iterator> std::uint64_t sum(Iterator begin, Iterator end)
{
    std::uint64_t total = 0;
    for (; begin != end; ++begin) {
        total += static_cast<unsigned char>(*begin);
    }
    return total;
}

} // namespace

extern "C" std::uint64_t sum_of_stream(const char *path)
{
    std::ifstream stream(path, std::ios::binary);
    std::istreambuf_iterator<char> begin(stream), end;
    return sum(begin, end);
}

extern "C" long size_of_stream(const char *path)
{
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    long size = static_cast<long>(stream.tellg());
    stream.seekg(-4, std::ios::end);
    char last[5] = {};
    stream.read(last, 5);
    return stream.gcount() == 4 && stream.eof() ? size : -1;
}

extern "C" std::uint64_t sum_of_file(const char *path)
{
    std::FILE *file = std::fopen(path, "rb");
    std::uint64_t total = 0;
    for (int byte; (byte = std::getc(file)) != EOF;) {
        total += static_cast<unsigned>(byte);
    }
    std::fclose(file);
    return total;
}

extern "C" std::uint64_t sum_of_mapping(const char *path)
{
    int file = open(path, O_RDONLY);
    struct stat facts;
    fstat(file, &facts);
    size_t size = static_cast<size_t>(facts.st_size);
    void *mapped = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    const char *bytes = static_cast<const char *>(mapped);
    std::uint64_t total = sum(bytes, bytes + size);
    munmap(mapped, size);
    return total;
}
