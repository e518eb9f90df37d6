import importlib.metadata

import six


def main():
    print("depending", importlib.metadata.version("depending"), six.__version__)
