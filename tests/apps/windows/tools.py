"""A command line of five libraries, as people write them."""

# /// script
# requires-python = ">=3.13"
# dependencies = ["click", "requests", "rich", "jinja2", "pyyaml"]
#
# [tool.obelisk]
# pure = ["markupsafe", "pyyaml", "charset-normalizer"]
# ///

import click
import jinja2
import requests
import rich.console
import rich.table
import yaml


@click.group()
@click.version_option("1.2.3")
def main():
    """Do one of several things."""


@main.command()
@click.argument("name")
def greet(name):
    """Greet somebody by a template."""
    click.echo(jinja2.Template("Hello, {{ name|upper|e }}!").render(name=name))


@main.command()
def table():
    """Draw a table."""
    found = rich.table.Table(title="numbers")
    found.add_column("n")
    found.add_row("1")
    console = rich.console.Console(width=40, force_terminal=False)
    console.print(found)


@main.command()
@click.argument("url")
def fetch(url):
    """Fetch a page, and say what its configuration is."""
    answer = requests.get(url, timeout=30)
    click.echo(yaml.safe_dump({"status": answer.status_code, "text": yaml.safe_load(answer.text)}))


if __name__ == "__main__":
    main()
