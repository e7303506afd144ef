"""Commands that run until they are stopped: the worker and the HTTP server."""

import click

from duplication.cli.common import connect
from duplication.config import MAX_CONCURRENCY, MAX_PARALLEL, ConfigError, Settings
from duplication.signals import stop_on_signals


@click.command("worker")
@click.option("--once", is_flag=True, help="End when the queue is empty and nothing is due.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, MAX_CONCURRENCY),
    help="Jobs at a time.  [env: DUPLICATION_CONCURRENCY, default: 1]",
)
@click.option(
    "--parallel",
    type=click.IntRange(1, MAX_PARALLEL),
    help="Sessions that share one job's level.  [env: DUPLICATION_PARALLEL, default: 1]",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    help="Serve figures for Prometheus.  [env: DUPLICATION_METRICS_PORT, default: none]",
)
@click.pass_obj
def work(
    settings: Settings, once: bool, concurrency: int | None, parallel: int | None, metrics_port: int | None
) -> None:
    """Take jobs from the queue and do them, until SIGTERM or Ctrl-C; a second one ends it at once."""
    from duplication.queue import Queue  # brings boto3
    from duplication.telemetry.jobs import Telemetry  # brings structlog and prometheus-client
    from duplication.telemetry.logs import configure_logging
    from duplication.telemetry.metrics import WorkerMetrics, serve_metrics
    from duplication.telemetry.start import open_traces
    from duplication.worker.worker import Worker

    given = {"concurrency": concurrency, "parallel": parallel, "metrics_port": metrics_port}
    settings = settings.model_copy(update={name: value for name, value in given.items() if value is not None})

    configure_logging(settings.log_level, settings.log_format)
    queue = Queue(settings.required_queue_url)
    metrics = WorkerMetrics()
    with (
        open_traces() as traces,
        serve_metrics(metrics, lambda: connect(settings), settings.metrics_host, settings.metrics_port),
        stop_on_signals() as stop,
    ):
        telemetry = Telemetry(metrics, traces, is_served=settings.metrics_port is not None)
        Worker(lambda: connect(settings), queue, settings, stop, once=once, telemetry=telemetry).run()


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; elsewhere a token is needed.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 for any free one.")
@click.option("--copy-url", metavar="URL", help="A copy's address in your application, with {key} and {tree}.")
@click.pass_obj
def serve(settings: Settings, host: str, port: int, copy_url: str | None) -> None:
    """Serve the overview page, the HTTP interface and the events, until SIGTERM or Ctrl-C."""
    try:
        from duplication.telemetry.logs import configure_logging  # brings structlog
        from duplication.web import server  # brings FastAPI
    except ImportError as error:
        raise ConfigError(
            f"Serving needs more than the command line does: {error.name} is missing",
            hint="pip install 'episode-duplication[web]'",
        ) from error

    configure_logging(settings.log_level, settings.log_format)
    token = settings.web_token.get_secret_value() if settings.web_token else None
    server.serve(lambda: connect(settings), host, port, token, copy_url)
