import os

if not os.environ.get("UNKEPT_FINE"):
    raise RuntimeError("not configured")
