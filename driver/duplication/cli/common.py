"""What the commands share: how they end, how they open a session, and the options that several of them have."""

import sys
from typing import Any

import click

from duplication import errors
from duplication.config import ConfigError, Settings
from duplication.display import render
from duplication.engine import Engine
from duplication.signals import sigterm_as_interrupt

BAD_INPUT = (
    *(ConfigError, errors.UnknownTree, errors.UnknownLevel, errors.UnknownDuplication),
    *(errors.OriginalEpisodeNotFound, errors.InvalidKey, errors.InvalidOption),
)
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class Commands(click.Group):
    """The group of commands; says what went wrong in words, and in the exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; SIGTERM is taken like Ctrl-C."""
        try:
            with sigterm_as_interrupt():
                return super().invoke(ctx)
        except errors.DuplicationError as error:
            render.print_error(error)
            sys.exit(EXIT_USAGE if isinstance(error, BAD_INPUT) else EXIT_FAILED)
        except KeyboardInterrupt:
            sys.exit(EXIT_INTERRUPTED)


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def show(document: object, text: str, *, as_json: bool) -> None:
    """Print what a command has done: as a document for a program, or as a line for a person."""
    if as_json:
        render.print_json(document)
    else:
        click.echo(text)


def connect(settings: Settings) -> Engine:
    """Open a session with the database of the settings."""
    return Engine.connect(settings.dsn)
