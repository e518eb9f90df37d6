"""Reading an executable back as a stranger would."""
