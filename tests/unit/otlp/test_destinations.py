"""Where the standard variables lead to."""

from __future__ import annotations

import logging
import threading

import pytest

from exporter.otlp.destinations import GRPC, HTTP, SdkWords, Signal, is_wanted, protocol
from trading_bot.contract.errors import OperatorError

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, set()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, set()),
        (ENDPOINT, {"traces", "logs"}),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, {"traces"}),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://127.0.0.1:4318/v1/logs"}, {"logs"}),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "TRUE"}, set()),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, {"logs"}),
        ({**ENDPOINT, "OTEL_LOGS_EXPORTER": "None"}, {"traces"}),
    ],
)
def test_a_signal_is_shipped_where_it_has_an_endpoint_and_is_not_switched_off(environment, wanted):
    assert {str(signal) for signal in Signal if is_wanted(signal, environment)} == wanted


@pytest.mark.parametrize(
    ("environment", "traces", "logs"),
    [
        ({}, HTTP, HTTP),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, GRPC, GRPC),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": HTTP}, GRPC, HTTP),
        ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "GRPC"}, GRPC, HTTP),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": ""}, HTTP, HTTP),
    ],
)
def test_the_signals_own_protocol_goes_before_the_general_one(environment, traces, logs):
    assert (protocol(Signal.TRACES, environment), protocol(Signal.LOGS, environment)) == (traces, logs)


def test_another_protocol_is_one_clear_line_that_names_the_variable():
    with pytest.raises(OperatorError) as caught:
        protocol(Signal.LOGS, {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/json"})
    assert caught.value.code == "BOT_002"
    assert "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL" in caught.value.message
    assert "'http/json'" in caught.value.message


def test_what_the_sdk_says_is_kept_by_thread_first_and_last():
    words = SdkWords()
    logger = logging.getLogger("sdk of a test")
    logger.addHandler(words)
    logger.warning("no connection, retrying in %d s", 1)
    logger.warning("no connection, retrying in %d s", 2)
    logger.error("gave up")
    other = threading.Thread(target=logger.error, args=("of another thread",))
    other.start()
    other.join()
    assert words.take() == "no connection, retrying in 1 s; gave up"
    assert words.take() == ""
