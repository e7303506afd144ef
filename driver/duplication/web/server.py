"""`duplication serve`: the application on a port."""

import socket
from collections.abc import Callable
from contextlib import suppress

import click
import uvicorn

from duplication.config import ConfigError
from duplication.engine import Engine
from duplication.telemetry.metrics import make_database_registry
from duplication.web.app import create_app
from duplication.web.guard import is_loopback

TOKEN_VARIABLE = "DUPLICATION_WEB_TOKEN"  # noqa: S105 (its name)
LEAST_TOKEN = 16
STOP_SECONDS = 2


def serve(connect: Callable[[], Engine], host: str, port: int, token: str | None, copy_url: str | None) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Parameters: connect, opens a session; host, port, where to listen, 0 for any free port; token, copy_url, see
    create_app. Raises ConfigError, before anything listens.
    """
    check_token(token, host)
    app = create_app(connect, make_database_registry(connect), token, copy_url)
    with listen(host, port) as listener:
        address = listener.getsockname()
        name = f"[{address[0]}]" if ":" in address[0] else address[0]
        click.echo(f"Serving http://{name}:{address[1]}")
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=STOP_SECONDS
        )
        # It raises the signal that has ended it once more.
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def check_token(token: str | None, host: str) -> None:
    """Raise ConfigError where there has to be a token and is none, or one that can be guessed."""
    if token is None and not is_loopback(host):
        raise ConfigError(
            f"Others than this machine could reach {host}, and nothing would keep them out",
            hint=f"Set {TOKEN_VARIABLE} to a secret, or listen on 127.0.0.1",
        )
    if token is not None and len(token) < LEAST_TOKEN:
        raise ConfigError(f"{TOKEN_VARIABLE} is shorter than {LEAST_TOKEN} characters", hint="openssl rand -hex 32")


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises ConfigError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(f"{host}:{port} cannot be listened on: {error.strerror or error}") from error
