import os

if not os.environ.get("TOLD_FINE"):
    raise RuntimeError("not configured")
