with open("/etc/os-release", encoding="utf-8") as file:
    NAME = file.readline()
