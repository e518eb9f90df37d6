"""Each module does one thing that a snapshot cannot keep."""
