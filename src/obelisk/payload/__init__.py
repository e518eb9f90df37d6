"""The payload: its format, its writer, and its reader."""
