"""As certifi, with other certificates."""

from importlib.resources import files


def where():
    return str(files("certifi").joinpath("cacert.pem"))


def contents():
    return files("certifi").joinpath("cacert.pem").read_text()
