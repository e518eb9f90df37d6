"""Making the executable: the only place, with `verify`, that knows the format of ELF files."""
