"""Windows's executable files (PE32+): what is read of them, and their resources, as values."""
