"""The stage `snapshot`: a process's memory, its modules imported, as a part of the executable."""
