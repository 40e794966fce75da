"""The HTTP behaviour of the exporter, over real sockets."""

from __future__ import annotations

import gzip
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from support.command import PATIENCE, wait_until
from support.history import started
from support.pages import get
from support.tapes import eventually, open_writer

from exporter.process import Exporter
from exporter.server import CONNECTIONS, Answer, Server, takes_gzip
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.contract.errors import OperatorError

OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3"


@pytest.fixture
def port(exporter: Exporter) -> int:
    exporter.start()
    assert exporter.view.journal.wait_until_caught_up(PATIENCE)
    assert exporter.control.wait_until_caught_up(PATIENCE)
    return exporter.server.port


def test_until_the_tapes_are_read_the_metrics_are_refused_with_a_time_to_come_back(exporter: Exporter):
    exporter.server.start()
    for path in ("/metrics", "/-/ready"):
        page = get(exporter.server.port, path)
        assert (page.status, page.headers["retry-after"]) == (503, "1")
        assert b"journal is being read" in page.body
    assert get(exporter.server.port, "/-/healthy").status == 200
    assert get(exporter.server.port, "/").status == 200


def test_a_ready_exporter_says_so(port: int):
    assert get(port, "/-/ready")[::2] == (200, b"ready\n")
    assert get(port, "/-/healthy").status == 200


def test_plain_text_is_the_default_and_openmetrics_is_served_when_asked_for(port: int):
    assert get(port, "/metrics").headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    page = get(port, "/metrics", Accept=OPENMETRICS)
    assert page.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert page.body.endswith(b"# EOF\n")


def test_a_page_is_compressed_when_the_client_takes_it(port: int):
    page = get(port, "/metrics", Accept_Encoding="gzip")
    assert page.headers["content-encoding"] == "gzip"
    assert int(page.headers["content-length"]) == len(page.body)
    assert gzip.decompress(page.body).startswith(b"# HELP tradingbot_up ")
    assert "content-encoding" not in get(port, "/metrics", Accept_Encoding="gzip;q=0").headers


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("*", True),
        ("gzip; q=0", False),
        ("br", False),
        ("", False),
    ],
)
def test_gzip_is_taken_only_by_those_who_say_so(header: str, takes: bool):
    assert takes_gzip(header) is takes


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/nothing"])
def test_head_is_get_without_the_body(port: int, path: str):
    full, head = get(port, path), get(port, path, "HEAD")
    assert (head.status, head.headers["content-type"], head.body) == (
        full.status,
        full.headers["content-type"],
        b"",
    )
    assert abs(int(head.headers["content-length"]) - len(full.body)) < 200  # the page's own figures move


def test_an_unknown_path_is_404_and_says_what_there_is(port: int):
    page = get(port, "/metric")
    assert page.status == 404
    assert page.text == "nothing at '/metric'; there is /, /metrics, /-/healthy, /-/ready\n"


def test_other_methods_are_refused_in_words(port: int):
    page = get(port, "/metrics", "POST")
    assert (page.status, page.headers["allow"]) == (405, "GET, HEAD")


def test_one_connection_serves_many_requests(port: int):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        for _ in range(3):
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")


def answered_beside_slow_clients(port: int) -> float:
    """Return how many seconds an answer takes while fifty clients stop in the middle of a request."""
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    try:
        for client in slow:
            client.sendall(b"GET /metr")
        began = time.monotonic()
        assert get(port, "/metrics").status == 200
        return time.monotonic() - began
    finally:
        for client in slow:
            client.close()


def test_slow_clients_hold_nobody_up(port: int):
    # A slow one is given up after ten seconds. A busy machine may need as long, but not each time.
    assert wait_until(lambda: answered_beside_slow_clients(port) < 8)


def test_beyond_the_bound_of_connections_a_client_is_told_to_come_back(port: int):
    held = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(CONNECTIONS)]
    try:
        page = get(port, "/metrics")
        assert (page.status, page.headers["retry-after"]) == (503, "1")
    finally:
        for client in held:
            client.close()


def test_many_scrapes_at_once_are_all_answered(port: int):
    with ThreadPoolExecutor(16) as pool:
        pages = list(pool.map(lambda _: get(port, "/metrics"), range(64)))
    assert {page.status for page in pages} == {200}


def test_a_route_that_fails_is_500_and_reported_and_the_next_one_is_served():
    def broken(_headers: object) -> Answer:
        raise RuntimeError("broken on purpose")

    reported: list[Exception] = []
    routes = {"/broken": broken, "/fine": lambda _: Answer(b"fine\n")}
    server = Server("127.0.0.1", 0, routes, variable="BOT_METRICS_PORT", report=reported.append)
    server.start()
    try:
        assert get(server.port, "/broken").status == 500
        assert get(server.port, "/fine").status == 200
    finally:
        server.stop()
    assert [str(error) for error in reported] == ["broken on purpose"]


def test_a_port_in_use_is_one_clear_line(port: int):
    with pytest.raises(OperatorError) as refused:
        Server("127.0.0.1", port, {}, variable="BOT_METRICS_PORT", report=print)
    assert refused.value.code == "BOT_005"
    assert refused.value.message.startswith(f"BOT_METRICS_PORT: port {port} on 127.0.0.1 is in use")


def test_the_landing_page_says_what_this_is_and_how_the_bot_is(exporter: Exporter, bot: object, port: int):
    page = get(port, "/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for words in (
        "Tickertape exporter",
        'href="/metrics"',
        "degraded",
        "FeedFresh is False",
        "tickertape 0.1.0",
    ):
        assert words in page.text
    assert "prefers-color-scheme: dark" in page.text


def test_the_landing_page_of_a_home_without_a_bot_says_so(port: int):
    page = get(port, "/")
    assert "no bot has been started on this home" in page.text
    assert "offline" in page.text


def test_text_from_the_tape_cannot_become_markup(home: Home, exporter: Exporter, port: int):
    with open_writer(home.journal, clock=SystemClock()) as writer:
        writer.append(
            msgspec.structs.replace(started(previous_run_ended=None), version="<script>alert(1)</script>")
        )
        eventually(lambda: "&lt;script&gt;" in get(port, "/").text)
        assert "<script>" not in get(port, "/").text
