"""Where packages are built from source: the target's Python, its headers, and compilers."""
