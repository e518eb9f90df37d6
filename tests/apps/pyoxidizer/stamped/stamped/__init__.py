from stamped.version import VERSION


def main():
    print("stamped", VERSION)
