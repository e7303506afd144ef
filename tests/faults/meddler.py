"""A network between a worker and its queue that does what networks and queues do at their worst."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

Body = dict[str, Any]


class Dropped(Exception):
    """The connection is closed without an answer."""


class Meddler:
    """Passes requests on to an SQS server, after having done with them what the test wants.

    Parameters: endpoint, the URL of the queue server.
    """

    def __init__(self, endpoint: str) -> None:
        self._target = urlsplit(endpoint).netloc
        self.before: Callable[[str, Body], None] = leave_alone
        """Is given each request's action and body, which it may change; raises Dropped to answer nothing."""
        self.copies: Callable[[], int] = lambda: 1
        """How often the next message that is sent gets to the queue."""
        self.is_away = False
        self._goes_on = threading.Event()
        self._goes_on.set()
        meddler = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                try:
                    meddler.pass_on(self)
                except (Dropped, OSError):
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stall(self) -> None:
        """Answer nothing more, and close nothing."""
        self._goes_on.clear()

    def go_on(self) -> None:
        """Answer again, also what was asked meanwhile."""
        self._goes_on.set()

    def behave(self) -> None:
        """Pass everything on as it is."""
        self.before = leave_alone
        self.copies = lambda: 1
        self.is_away = False
        self.go_on()

    def pass_on(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        action = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        self._goes_on.wait()
        if self.is_away:
            raise Dropped
        asked: Body = json.loads(body)
        self.before(action, asked)
        if action == "SendMessageBatch":
            status, answer = self._send(request, asked)
        else:
            status, answer = self._ask(request, json.dumps(asked).encode())
        request.send_response(status)
        request.send_header("Content-Type", "application/x-amz-json-1.0")
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    def _send(self, request: BaseHTTPRequestHandler, asked: Body) -> tuple[int, bytes]:
        """Send each message so many times, and answer as if it was once."""
        sent = [{**entry, "Id": f"{entry['Id']}-{copy}"} for entry in asked["Entries"] for copy in range(self.copies())]
        status, answer = 200, b""
        for entry in sent:
            status, answer = self._ask(request, json.dumps({**asked, "Entries": [entry]}).encode())
            if status != 200 or json.loads(answer).get("Failed"):
                return status, answer
        return 200, json.dumps({"Successful": [taken(entry) for entry in asked["Entries"]], "Failed": []}).encode()

    def _ask(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._target, timeout=60)
        try:
            headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
            connection.request("POST", request.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def __enter__(self) -> Meddler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_on()
        self._server.shutdown()
        self._server.server_close()


class Quiet(ThreadingHTTPServer):
    """Says nothing of workers that are killed in the middle of a request."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


def leave_alone(action: str, body: Body) -> None:
    """Change nothing."""


def taken(entry: Body) -> Body:
    """Return what a queue says of a message that it has taken, whatever becomes of it."""
    digest = hashlib.md5(entry["MessageBody"].encode(), usedforsecurity=False).hexdigest()
    return {"Id": entry["Id"], "MessageId": str(uuid.uuid4()), "MD5OfMessageBody": digest}
