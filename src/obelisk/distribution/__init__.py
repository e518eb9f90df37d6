"""Building and describing CPython for a target."""
