# /// script
# dependencies = [
#   "click==8.5.1", "requests==2.34.2", "rich==15.0.0", "jinja2==3.1.6", "pyyaml==6.0.4",
# ]
# ///
"""A command-line program as many are: five libraries, one template."""

import os
import sys

import click
import jinja2
import requests
import rich.console
import yaml


@click.command()
def main():
    names = yaml.safe_load("names: [one, two]")["names"]
    text = jinja2.Template("{% for n in names %}{{ n }} {% endfor %}").render(names=names)
    rich.console.Console().print(text, requests.__version__)
    if "BENCH_HOLD" in os.environ:
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
