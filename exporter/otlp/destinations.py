"""Where to ship to, by the standard ``OTEL_`` variables, and the SDK's exporters that reach it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib import import_module
from typing import Any, Final

from trading_bot.contract.errors import OperatorError

Send = Callable[[Sequence[Any]], bool]
"""Send a batch; True once the collector has it."""


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
    found = environment.get(name, HTTP).strip().lower()
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
        module, _, name = EXPORTERS[signal, protocol(signal, environment)].partition(":")
        _quieten_sdk()
        self._exporter = getattr(import_module(module), name)()

    def send(self, batch: Sequence[Any]) -> bool:
        """Send a batch, with the SDK's own short retries; False if the collector did not take it."""
        return str(self._exporter.export(batch).name) == "SUCCESS"

    def close(self) -> None:
        """Give the connection up; ends a send that is under way."""
        self._exporter.shutdown()


def _quieten_sdk() -> None:
    """What the SDK logs at each retry is said once, by our own error."""
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
