"""Reading an executable back, independently of the code that wrote it."""
