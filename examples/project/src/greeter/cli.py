"""The command `greet`."""

from datetime import datetime
from importlib.resources import files

import click


@click.command()
@click.argument("name")
def main(name: str) -> None:
    """Greet NAME as the hour suggests."""
    hour = datetime.now().hour
    time = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
    template = files("greeter").joinpath("template.txt").read_text()
    click.echo(template.format(time=time, name=name), nl=False)
