"""The C toolchain: clang and lld of the `ziglang` package."""
