"""Every expression of every board gets an answer from a real Prometheus that scrapes the running demo."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.boards import every_query, filled_in
from support.command import Command, processes_of, wait_until
from support.prometheus_server import Prometheus, scraping

from alerts.build import files
from dashboards.queries import orders, risk

PATIENCE = 600
CALM = 20
"""Seconds of trading before orders get lost: meanwhile the first round trips end."""
AGAIN = 25
"""Seconds from one trouble of the feed to the next: on a slow machine the first may be over before it is seen."""
FILTERS = re.compile(r" (> 0|== [01])(?=\)|$| or)")


ELSEWHERE = (
    "tradingbot_market_skipped_bars_total",  # the bot fetches bars that it missed, whatever fault the demo knows
    "tradingbot_session_table_expiry_timestamp_seconds",  # the demo trades around the clock
    "tradingbot_workflow_compensations_total",  # no safe workflow has a step to undo
)
"""Series that the demo does not show; tests of the feed, the exporter's page and the workflows do."""

TIMES = 30
"""By how much windows and patience of the rules are shortened, so that alerts fire and budgets burn meanwhile."""

IN_DOUBT = filled_in(orders.OLDEST_UNKNOWN.expression)
"""What only orders of unknown outcome show."""

DIFFERENT = filled_in(risk.MISMATCH_QUANTITIES.expression)
"""What only a comparison with the venue shows, which comes twice a minute."""


def answered(prometheus: Prometheus, expression: str) -> bool:
    """Whether it gives data, now or a moment ago, or would without the filter that leaves out what is well."""
    unfiltered = FILTERS.sub("", expression)
    return any(map(prometheus.has, (expression, unfiltered, f"last_over_time(({expression})[1m:1s])")))


def fault(command: Command, *arguments: str) -> None:
    command.run("exchange", "fault", *arguments)


def restart_the_bot(command: Command, server: Prometheus) -> None:
    """Kill the bot, and wait until the one that follows it is seen."""
    (begun,) = server.series("tradingbot_start_timestamp_seconds")
    bot = next(pid for pid, line in processes_of(command.home).items() if "tickertape run" in line)
    os.kill(bot, signal.SIGKILL)
    another = f"tradingbot_up == 1 and tradingbot_start_timestamp_seconds > {begun['value'][1]}"
    assert wait_until(lambda: server.has(another), every=0.3)


def lose_orders(command: Command) -> None:
    """Let answers get lost, and then the venue be away, so that nobody can tell how the orders ended."""
    fault(command, "lost_ack", "on", "--for", "10s")
    time.sleep(7)
    fault(command, "maintenance", "on", "--for", "8s")
    time.sleep(4)


def trouble_the_feed(command: Command) -> None:
    fault(command, "nan_price", "on", "--symbol", "EUR/USD", "--for", "5s")
    fault(command, "mute_feed", "on", "--symbol", "MSFT/USD", "--for", "8s")


def use_the_ops_endpoint(command: Command) -> None:
    """Execute a workflow, and ask for something that there is not; nobody waits for either."""
    command.start("workflow", "execute", "check-health")
    command.start("workflow", "show", "no-such-workflow")


@contextlib.contextmanager
def monitored(program: Path, folder: Path, command: Command) -> Iterator[Prometheus]:
    """Run Prometheus with both pages of the demo and the project's rules, which are impatient."""
    key = command.home / "api-key"
    assert wait_until(key.exists, every=0.2)
    ops = (command.port("BOT_API_PORT"), key.read_text().strip())
    with scraping(program, folder, command.port("BOT_METRICS_PORT"), ops, files(scale=TIMES)) as server:
        yield server


@pytest.mark.timeout(900)
def test_every_expression_returns_data_from_the_running_demo_on_a_bad_day(
    tmp_path: Path, command: Command, prometheus: Path, count: Callable[[str, int, str], None], long_run: bool
):
    command.start("up", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    asked = {
        filled_in(each.expression): each.name
        for each in every_query()
        if not any(name in each.expression for name in ELSEWHERE)
    }
    if not long_run:  # these outages take a minute; other tests show the series
        del asked[IN_DOUBT], asked[DIFFERENT]
    missing = dict(asked)
    with monitored(prometheus, tmp_path / "prometheus", command) as server:
        assert wait_until(lambda: server.has("sum(tradingbot_fills_total) > 0"), every=0.5)
        restart_the_bot(command, server)
        calm_until, deadline = time.monotonic() + CALM, time.monotonic() + PATIENCE
        trouble_at = time.monotonic()
        while missing and time.monotonic() < deadline:
            if time.monotonic() > trouble_at:
                trouble_the_feed(command)
                use_the_ops_endpoint(command)
                if DIFFERENT in missing:
                    fault(command, "wrong_balance", "on", "--symbol", "IBM/USD", "--for", "40s")
                trouble_at = time.monotonic() + AGAIN
            if IN_DOUBT in missing and DIFFERENT not in missing and time.monotonic() > calm_until:
                lose_orders(command)
            missing = {text: name for text, name in missing.items() if not answered(server, text)}
            time.sleep(1)
    count("board expressions asked of Prometheus", len(asked), f"{len(asked) - len(missing)} answered")
    assert not missing, "\n".join(missing)
