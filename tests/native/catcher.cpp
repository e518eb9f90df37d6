// Catches what another object throws, in this thread and from other threads.

#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "error.h"

extern "C" void throw_error(int kind);

// Destructors run on the way; this counts them.
static thread_local int unwound;

struct Counted {
    ~Counted() { unwound++; }
};

extern "C" int
catch_error(int kind, char *what, size_t size)
{
    unwound = 0;
    try {
        Counted one, two;
        throw_error(kind);
    }
    catch (const Error &error) {
        return snprintf(what, size, "Error: %s, %d unwound", error.what(), unwound);
    }
    catch (const std::exception &error) {
        return snprintf(what, size, "exception: %s, %d unwound", error.what(), unwound);
    }
    catch (int number) {
        return snprintf(what, size, "number %d, %d unwound", number, unwound);
    }
    return -1;
}

// Each thread throws and catches many times; one lets an exception pass to the caller.
extern "C" int
catch_in_threads(int count)
{
    std::vector<std::thread> threads;
    std::vector<int> caught(count);
    std::exception_ptr passed;

    for (int i = 0; i < count; i++) {
        threads.emplace_back([&, i] {
            char what[100];
            for (int turn = 0; turn < 200; turn++) {
                caught[i] += catch_error(1 + turn % 3, what, sizeof(what)) > 0;
            }
            if (i == 0) {
                try {
                    throw_error(1);
                }
                catch (...) {
                    passed = std::current_exception();
                }
            }
        });
    }
    int sum = 0;
    for (int i = 0; i < count; i++) {
        threads[i].join();
        sum += caught[i];
    }
    try {
        std::rethrow_exception(passed);
    }
    catch (const Error &) {
        return sum;
    }
    return -1;
}

/* Read the first word of a file as C++ does, and count all its lines as C does. */
extern "C" int
read_file(const char *path, char *word, size_t size)
{
    std::ifstream stream(path);
    std::string first;
    stream >> first;
    snprintf(word, size, "%s", first.c_str());

    int lines = 0;
    FILE *file = fopen(path, "r");
    for (int c; file != nullptr && (c = getc(file)) != EOF;) {
        lines += c == '\n';
    }
    if (file != nullptr) {
        fclose(file);
    }
    return lines;
}
