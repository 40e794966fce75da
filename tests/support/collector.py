"""Collectors that speak the real OTLP, over HTTP and over gRPC, and behave as badly as they are told to."""

from __future__ import annotations

import gzip
import http.server
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, Protocol

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2_grpc as logs_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as traces_grpc

from exporter.otlp.shipper import Pace

QUICK: Final = Pace(look=0.02, first_pause=0.05, longest_pause=0.4)
"""How often shipping tries in a test."""

Request = traces.ExportTraceServiceRequest | logs.ExportLogsServiceRequest
Attributes = dict[str, Any]


class Received(NamedTuple):
    """A span or log record as it came in."""

    item: Any
    resource: Attributes
    scope: str

    @property
    def attributes(self) -> Attributes:
        return plain(self.item.attributes)

    @property
    def trace_id(self) -> str:
        return self.item.trace_id.hex()

    @property
    def span_id(self) -> str:
        return self.item.span_id.hex()


class Book:
    """What a collector took, and how it behaves: ``status`` other than 200 refuses, ``delay`` is in seconds.

    ``judge`` may refuse single requests: it returns the status for one. Nobody is delayed once it is ``over``.
    """

    def __init__(self) -> None:
        self.status = 200
        self.delay = 0.0
        self.judge: Callable[[Request], int] = lambda _request: self.status
        self.spans: list[Received] = []
        self.logs: list[Received] = []
        self.headers: list[dict[str, str]] = []
        self.requests = 0
        self.over = threading.Event()
        self._guard = threading.Lock()

    def take(self, request: Request, headers: dict[str, str]) -> int:
        """Take a request, or not; return the HTTP status to answer with."""
        with self._guard:
            self.requests += 1
        self.over.wait(self.delay)
        status = self.judge(request)
        if status == 200:
            with self._guard:
                self.headers.append(headers)
                self.spans += _spans(request) if isinstance(request, traces.ExportTraceServiceRequest) else []
                self.logs += _logs(request) if isinstance(request, logs.ExportLogsServiceRequest) else []
        return status

    def span_ids(self) -> Counter[str]:
        with self._guard:
            return Counter(received.span_id for received in self.spans)

    def log_numbers(self) -> Counter[int]:
        """Count log records by the number that the test gave them (context ``number``)."""
        with self._guard:
            return Counter(received.attributes["tradingbot.context.number"] for received in self.logs)


class Collector(Protocol):
    """A collector that can be started again on the port it had."""

    book: Book
    port: int
    protocol: str

    def start(self) -> None: ...

    def stop(self) -> None: ...


class HttpCollector:
    """OTLP over HTTP."""

    protocol = "http/protobuf"

    def __init__(self) -> None:
        self.book = Book()
        self.port = 0
        self._server: http.server.ThreadingHTTPServer | None = None

    def start(self) -> None:
        book = self.book

        class Handler(_Handler):
            taken_by = book

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.socket.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    taken_by: Book
    REQUESTS: Final = {
        "/v1/traces": (traces.ExportTraceServiceRequest, traces.ExportTraceServiceResponse),
        "/v1/logs": (logs.ExportLogsServiceRequest, logs.ExportLogsServiceResponse),
    }

    def do_POST(self) -> None:
        kind, answer = self.REQUESTS[self.path]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        status = self.taken_by.take(
            kind.FromString(body), {name.lower(): text for name, text in self.headers.items()}
        )
        content = answer().SerializeToString()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            pass  # whoever asked is gone

    def log_message(self, *_: object) -> None:
        pass


GRPC_STATUS: Final = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    503: grpc.StatusCode.UNAVAILABLE,
}


class GrpcCollector:
    """OTLP over gRPC."""

    protocol = "grpc"

    def __init__(self) -> None:
        self.book = Book()
        self.port = 0
        self._server: Any = None

    def start(self) -> None:
        # Without this a second server may listen on the port of the first.
        self._server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        traces_grpc.add_TraceServiceServicer_to_server(
            _Servicer(self.book, traces.ExportTraceServiceResponse), self._server
        )
        logs_grpc.add_LogsServiceServicer_to_server(
            _Servicer(self.book, logs.ExportLogsServiceResponse), self._server
        )
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        self._server.start()

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.stop(0).wait(5)


class _Servicer:
    def __init__(self, book: Book, answer: Callable[[], Any]) -> None:
        self._book = book
        self._answer = answer

    def Export(self, request: Request, context: Any) -> Any:  # noqa: N802 - the protocol names it
        status = self._book.take(request, {key: str(value) for key, value in context.invocation_metadata()})
        if status != 200:
            context.abort(GRPC_STATUS[status], "not today")
        return self._answer()


COLLECTORS: Final = {"http": HttpCollector, "grpc": GrpcCollector}


@contextmanager
def collecting(kind: str) -> Iterator[Collector]:
    """Run a collector for as long as the block."""
    collector: Collector = COLLECTORS[kind]()
    collector.start()
    try:
        yield collector
    finally:
        collector.stop()


def environment_of(collector: Collector, **more: str) -> dict[str, str]:
    """Return the standard variables that lead to a collector."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": collector.protocol,
        "OTEL_EXPORTER_OTLP_TIMEOUT": "10",  # gRPC tries again by itself until then
        **more,
    }


def plain(attributes: Any) -> Attributes:
    """Return OTLP's attributes as Python's values."""
    return {each.key: _value(each.value) for each in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    found = getattr(value, kind)
    return [_value(each) for each in found.values] if kind == "array_value" else found


def _spans(request: traces.ExportTraceServiceRequest) -> list[Received]:
    return [
        Received(span, plain(group.resource.attributes), scope.scope.name)
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def _logs(request: logs.ExportLogsServiceRequest) -> list[Received]:
    return [
        Received(record, plain(group.resource.attributes), scope.scope.name)
        for group in request.resource_logs
        for scope in group.scope_logs
        for record in scope.log_records
    ]
