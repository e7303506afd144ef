"""Commands that install the engine and create the queue."""

import click

from duplication.cli.common import as_json, show
from duplication.config import Settings


@click.command("migrate")
@click.option("--with-content", is_flag=True, help="Make the reference content tables (episodes …) too.")
@as_json
@click.pass_obj
def migrate_database(settings: Settings, with_content: bool, as_json: bool) -> None:
    """Install the engine in the database, or bring it up to date."""
    from duplication.migrations import migrate  # brings alembic

    revisions = migrate(settings.dsn, with_content=with_content)
    show({"revisions": revisions}, f"The database is at {', '.join(revisions)}", as_json=as_json)


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
    show({"queue_url": url}, f"export DUPLICATION_QUEUE_URL={url}", as_json=as_json)
