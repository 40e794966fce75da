"""Every expression of every board gets an answer from a real Prometheus that scrapes the running demo."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.boards import every_query, filled_in
from support.command import Command, processes_of, wait_until
from support.prometheus_server import Prometheus, scraping

from dashboards.queries import orders

PATIENCE = 180
CALM = 20
"""Seconds of trading before orders get lost: meanwhile the first round trips end."""
FILTERS = re.compile(r" (> 0|== [01])(?=\)|$| or)")


HEALED = "tradingbot_market_skipped_bars_total"
"""The bot fetches bars that it missed, whatever fault the demo knows; tests of the feed and of the exporter's page
show the series."""

IN_DOUBT = filled_in(orders.OLDEST_UNKNOWN.expression)
"""What only orders of unknown outcome show."""


def answered(prometheus: Prometheus, expression: str) -> bool:
    """Whether it gives data, now or a moment ago, or would without the filter that leaves out what is well."""
    unfiltered = FILTERS.sub("", expression)
    return any(map(prometheus.has, (expression, unfiltered, f"last_over_time(({expression})[1m:1s])")))


def fault(command: Command, *arguments: str) -> None:
    command.run("exchange", "fault", *arguments)


def restart_the_bot(command: Command) -> None:
    bot = next(pid for pid, line in processes_of(command.home).items() if "tickertape run" in line)
    os.kill(bot, signal.SIGKILL)


def lose_orders(command: Command) -> None:
    """Let answers get lost, and then the venue be away, so that nobody can tell how the orders ended."""
    fault(command, "lost_ack", "on", "--for", "10s")
    time.sleep(7)
    fault(command, "maintenance", "on", "--for", "8s")
    time.sleep(4)


@pytest.mark.timeout(280)
def test_every_expression_returns_data_from_the_running_demo_on_a_bad_day(
    tmp_path: Path, command: Command, prometheus: Path, count: Callable[[str, int, str], None], long_run: bool
):
    command.start("up", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    asked = {filled_in(each.expression): each.name for each in every_query() if HEALED not in each.expression}
    if not long_run:  # an outage long enough for doubt takes a minute; tests of the exporter show the series
        del asked[IN_DOUBT]
    missing = dict(asked)
    with scraping(prometheus, tmp_path / "prometheus", command.port("BOT_METRICS_PORT")) as server:
        assert wait_until(lambda: server.has("sum(tradingbot_fills_total) > 0"), 40, 0.5)
        restart_the_bot(command)
        assert wait_until(
            lambda: server.has("tradingbot_up == 1 and time() - tradingbot_start_timestamp_seconds < 15"), 30
        )
        fault(command, "nan_price", "on", "--symbol", "EUR/USD", "--for", "5s")
        fault(command, "mute_feed", "on", "--symbol", "MSFT/USD", "--for", "8s")
        calm_until, deadline = time.monotonic() + CALM, time.monotonic() + PATIENCE
        while missing and time.monotonic() < deadline:
            if IN_DOUBT in missing and time.monotonic() > calm_until:
                lose_orders(command)
            missing = {text: name for text, name in missing.items() if not answered(server, text)}
            time.sleep(1)
    count("board expressions asked of Prometheus", len(asked), f"{len(asked) - len(missing)} answered")
    assert not missing, "\n".join(missing)
