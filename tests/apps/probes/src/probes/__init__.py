from probes import found


def main():
    print(found.found())
