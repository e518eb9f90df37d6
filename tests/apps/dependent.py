# /// script
# requires-python = ">=3.11"
# dependencies = ["click>=8"]
# ///
import click

import neighbour


@click.command()
def main():
    click.echo(f"hello {neighbour.WORD}")


main()
