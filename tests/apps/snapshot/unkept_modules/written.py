import os

os.makedirs("/tmp", exist_ok=True)
FILE = "/tmp/obelisk-unkept-modules-written"
with open(FILE, "w", encoding="utf-8") as file:
    file.write("a cache")
os.unlink(FILE)
