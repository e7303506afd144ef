"""Commands that install the engine and create the queue."""

import click

from duplication.cli.common import as_json
from duplication.config import Settings
from duplication.display import render


@click.command("migrate")
@click.option("--with-content", is_flag=True, help="Make the reference content tables (episodes …) too.")
@as_json
@click.pass_obj
def migrate_database(settings: Settings, with_content: bool, as_json: bool) -> None:
    """Install the engine in the database, or bring it up to date."""
    from duplication.migrations import migrate  # brings alembic

    revisions = migrate(settings.dsn, with_content=with_content)
    if as_json:
        render.print_json({"revisions": revisions})
    else:
        click.echo(f"The database is at {', '.join(revisions)}")


@click.group("queue")
def queue_commands() -> None:
    """Set up the queue."""


@queue_commands.command("create")
@as_json
@click.pass_obj
def create_queue(settings: Settings, as_json: bool) -> None:
    """Create the queue and its dead-letter queue; names from DUPLICATION_QUEUE_NAME."""
    from duplication.queue import create_queues  # brings boto3

    url = create_queues(settings.queue_name)
    if as_json:
        render.print_json({"queue_url": url})
    else:
        click.echo(f"export DUPLICATION_QUEUE_URL={url}")
