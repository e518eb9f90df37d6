"""The runtime: the distribution linked with our C files, with no application in it yet."""
