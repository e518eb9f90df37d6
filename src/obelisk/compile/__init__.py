"""Making bytecode with the target's own Python."""
