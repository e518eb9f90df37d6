"""The stage `snapshot`: the executable runs once, and what it has in memory goes into the file."""
