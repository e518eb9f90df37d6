import click
import yaml


@click.group()
def main():
    """Keep notes."""


@main.command()
@click.argument("text", nargs=-1)
@click.option("--loud", is_flag=True)
def add(text, loud):
    """Print a note as YAML."""
    words = " ".join(text)
    click.echo(yaml.dump({"note": words.upper() if loud else words, "native": yaml.__with_libyaml__}), nl=False)
