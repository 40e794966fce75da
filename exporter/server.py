"""A small HTTP server: one thread a connection, so that a slow client holds up nobody but itself."""

from __future__ import annotations

import gzip
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, cast
from urllib.parse import urlsplit

import msgspec

from trading_bot.boot.ports import probe

CONNECTIONS: Final = 128
"""At most so many at once; a further one is told to come back."""
CLIENT_SECONDS: Final = 10
"""A client that sends or takes nothing for so long is cut off."""
COMPRESSED_FROM_BYTES: Final = 1_000
GZIP_LEVEL: Final = 1  # level 9 costs 14 times as much for a page a tenth smaller

FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 22\r\n\r\ntoo many connections.\n"
)


class Answer(msgspec.Struct, frozen=True):
    """What a route answers."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = {}


Route = Callable[[Mapping[str, str]], Answer]
"""Takes the request's headers, by lower-case name."""
Routes = Mapping[str, Route]


class Server:
    """Serves routes on an address until it is stopped.

    Args:
        host: the address to bind to.
        port: the port; 0 lets the system choose.
        routes: by path.
        variable: the setting that names the port, for the message when it is taken.
        report: gets what a route raised; the client gets 500.

    Raises:
        OperatorError: BOT_005 when the port is in use, BOT_002 when the address is not ours.
    """

    def __init__(
        self,
        host: str,
        port: int,
        routes: Routes,
        *,
        variable: str,
        report: Callable[[Exception], object],
    ) -> None:
        try:
            self._listener = _Listener(host, port, routes, report)
        except OSError:
            probe(host, port, variable)
            raise
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.1,), name="http", daemon=True
        )

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._listener.server_address[1])

    def start(self) -> None:
        """Serve, in threads."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; what is being answered ends with the process."""
        if self._thread.is_alive():
            self._listener.shutdown()
        self._listener.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = CONNECTIONS

    def __init__(self, host: str, port: int, routes: Routes, report: Callable[[Exception], object]) -> None:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        self.address_family = family
        self.routes = routes
        self.report = report
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__((str(address[0]), int(address[1])), _Handler)

    def server_bind(self) -> None:
        """Bind, without the base class's question to the name service."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: object, client_address: object) -> None:
        connection = cast("socket.socket", request)
        if not self._free.acquire(blocking=False):
            connection.settimeout(CLIENT_SECONDS)
            connection.sendall(FULL)
            self.shutdown_request(connection)
            return
        try:
            super().process_request(connection, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(cast("socket.socket", request), client_address)
        finally:
            self._free.release()

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Report what is ours; a client that went away or stalled is none of our errors."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, ConnectionError | TimeoutError):
            self.report(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = CLIENT_SECONDS
    wbufsize = -1  # head and body leave in one write

    def do_GET(self) -> None:
        self._send(self._answer(), with_body=True)

    def do_HEAD(self) -> None:
        self._send(self._answer(), with_body=False)

    def _refuse(self) -> None:
        # A body that nobody reads would be taken for the next request.
        self.close_connection = True
        text = f"{self.command} is not served here: GET or HEAD\n".encode()
        self._send(
            Answer(text, status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"}), with_body=True
        )

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse  # noqa: N815 - the base class's names

    def _answer(self) -> Answer:
        listener = cast("_Listener", self.server)
        path = urlsplit(self.path).path
        route = listener.routes.get(path)
        if route is None:
            known = ", ".join(listener.routes)
            return Answer(
                f"nothing at {path[:200]!r}; there is {known}\n".encode(), status=HTTPStatus.NOT_FOUND
            )
        try:
            return route({name.lower(): value for name, value in self.headers.items()})
        except Exception as error:  # noqa: BLE001 - the request's loop top: reported, the client is told
            listener.report(error)
            return Answer(
                b"this page failed; the error is in the exporter's log\n",
                status=HTTPStatus.INTERNAL_SERVER_ERROR,
            )

    def _send(self, answer: Answer, *, with_body: bool) -> None:
        body, headers = answer.body, dict(answer.headers)
        if len(body) >= COMPRESSED_FROM_BYTES:
            headers["Vary"] = "Accept, Accept-Encoding"
            if takes_gzip(self.headers.get("Accept-Encoding", "")):
                body = gzip.compress(body, GZIP_LEVEL, mtime=0)
                headers["Content-Encoding"] = "gzip"
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def version_string(self) -> str:
        """Name the product and no versions."""
        return "tickertape"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log no requests: the tape tells what happened, and a scrape a second tells nothing."""


def takes_gzip(accept_encoding: str) -> bool:
    """Tell whether a client takes gzip, by its Accept-Encoding."""
    for part in accept_encoding.split(","):
        coding, _, weight = part.partition(";")
        if coding.strip().lower() in {"gzip", "*"}:
            return weight.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
