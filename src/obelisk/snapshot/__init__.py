"""The stage `snapshot`: the memory of a process that has imported the modules, as a part of the file."""
