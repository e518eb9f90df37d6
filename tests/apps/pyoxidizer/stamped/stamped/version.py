VERSION = "unknown"
