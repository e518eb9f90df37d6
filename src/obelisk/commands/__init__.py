"""The commands of `obelisk`, one module for each family."""
