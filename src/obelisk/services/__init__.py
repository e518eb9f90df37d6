"""What every room needs of this machine: the cache, the console, processes, files, downloads."""
