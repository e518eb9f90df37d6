"""Executables and shared objects in the ELF format."""
