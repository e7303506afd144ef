"""What a person types: the `duplication` command.

What only some commands need, and what is big, they import themselves (boto3 20 MB, alembic 25 MB): the process that
copies stays small, and every command starts quickly.
"""

import logging

import click

from duplication.cli import copies, dead_letters, demo, inspection, services, setup
from duplication.cli.common import Commands
from duplication.config import load_settings


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--dsn", help="The database, in any of libpq's forms.  [env: DUPLICATION_DSN, else libpq's variables]")
@click.option("--queue-url", help="The queue of jobs.  [env: DUPLICATION_QUEUE_URL]")
@click.version_option(package_name="episode-duplication")
@click.pass_context
def main(ctx: click.Context, dsn: str | None, queue_url: str | None) -> None:
    """Duplicate trees of PostgreSQL rows, level by level, inside the database."""
    ctx.obj = load_settings(dsn=dsn, queue_url=queue_url)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")


for command in (
    setup.migrate_database,
    setup.queue_commands,
    copies.request,
    copies.duplicate,
    copies.cancel,
    copies.retry,
    copies.discard,
    inspection.show_status,
    inspection.watch_duplications,
    inspection.verify,
    services.work,
    services.serve,
    dead_letters.dead_letters,
    demo.demo,
):
    main.add_command(command)
