"""Where to ship to, by the standard ``OTEL_`` variables, and the SDK's exporters that reach it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from importlib import import_module
from typing import Any, Final

from trading_bot.contract.errors import OperatorError


class Signal(StrEnum):
    """What is shipped."""

    TRACES = "traces"
    LOGS = "logs"


GRPC: Final = "grpc"
HTTP: Final = "http/protobuf"
PROTOCOLS: Final = (GRPC, HTTP)

EXPORTERS: Final = {
    (Signal.TRACES, GRPC): "opentelemetry.exporter.otlp.proto.grpc.trace_exporter:OTLPSpanExporter",
    (Signal.TRACES, HTTP): "opentelemetry.exporter.otlp.proto.http.trace_exporter:OTLPSpanExporter",
    (Signal.LOGS, GRPC): "opentelemetry.exporter.otlp.proto.grpc._log_exporter:OTLPLogExporter",
    (Signal.LOGS, HTTP): "opentelemetry.exporter.otlp.proto.http._log_exporter:OTLPLogExporter",
}
REDIRECTS: Final = range(300, 400)
SDK: Final = "opentelemetry"
"""The SDK's logger."""


def is_wanted(signal: Signal, environment: Mapping[str, str]) -> bool:
    """Whether a signal has somewhere to go: an endpoint, and neither SDK nor exporter switched off."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if environment.get(f"OTEL_{signal.upper()}_EXPORTER", "otlp").strip().lower() == "none":
        return False
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT")
    return any(environment.get(name, "").strip() for name in names)


def protocol(signal: Signal, environment: Mapping[str, str]) -> str:
    """Return how a signal travels; OTLP/HTTP where nothing is said, as OpenTelemetry recommends.

    Raises:
        OperatorError: BOT_002, another protocol is named.
    """
    specific, general = f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"
    name = specific if environment.get(specific) else general
    found = (environment.get(name) or HTTP).strip().lower()
    if found not in PROTOCOLS:
        message = (
            f"{name}: expected one of {', '.join(PROTOCOLS)}, found {found!r}; for example {name}={HTTP}"
        )
        raise OperatorError("BOT_002", message, setting=name)
    return found


class Destination:
    """One of the SDK's exporters. It reads endpoint, headers, certificates, timeout from the environment.

    The SDK's module is loaded here, and only here: an exporter that ships nothing does without it.
    """

    def __init__(self, signal: Signal, environment: Mapping[str, str]) -> None:
        how = protocol(signal, environment)
        module, _, name = EXPORTERS[signal, how].partition(":")
        self._said = sdk_words()
        self._exporter = getattr(import_module(module), name)(**self._options(how, environment))
        _hear_everything()

    def send(self, batch: Sequence[Any]) -> str | None:
        """Send a batch, with the SDK's own short retries.

        Returns:
            None once the collector has it, else why it has not.
        """
        self._said.take()
        if str(self._exporter.export(batch).name) == "SUCCESS":
            return None
        return self._said.take() or "no reason was given"

    def close(self) -> None:
        """Give the connection up; ends a send that waits between two tries."""
        self._exporter.shutdown()

    def _options(self, how: str, environment: Mapping[str, str]) -> dict[str, Any]:
        own_session = any(name.endswith("_CREDENTIAL_PROVIDER") for name in environment)
        return {"session": self._session()} if how == HTTP and not own_session else {}

    def _session(self) -> Any:
        session = import_module("requests").Session()
        session.hooks["response"].append(self._take_answer)
        return session

    def _take_answer(self, response: Any, *_: Any, **__: Any) -> None:
        """Note a refusal. The SDK takes a redirect for success: what was sent would be lost."""
        answer = f"HTTP {response.status_code} {response.reason}"
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            self._said.note(answer)
        if response.status_code in REDIRECTS:
            response.close()
            raise ValueError(f"redirected to {response.headers.get('location')}: {answer}")


class SdkWords(logging.Handler):
    """Takes what the SDK's exporters log, and keeps it by thread: why a send failed.

    It is told nowhere else, and on standard error it would be said at every try.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._of = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.note(record.getMessage())

    def note(self, words: str) -> None:
        """Keep something that was said in this thread."""
        self._of.said = [*getattr(self._of, "said", ()), words]

    def take(self) -> str:
        """Return the first and the last that was said in this thread, and forget it; empty if nothing was."""
        said, self._of.said = getattr(self._of, "said", []), []
        return "; ".join(dict.fromkeys([*said[:1], *said[-1:]]))


@cache
def sdk_words() -> SdkWords:
    """Return the process's handler, which the SDK's exporters speak to from now on, and to nobody else."""
    words = SdkWords()
    logger = logging.getLogger(SDK)
    logger.addHandler(words)
    logger.propagate = False
    return words


def _hear_everything() -> None:
    """Take away the SDK's filter of repeated words: several shippers may fail for the same reason."""
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(f"{SDK}.exporter"):
            logging.getLogger(name).filters.clear()
