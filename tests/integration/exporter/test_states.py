"""A bot that is killed, stopped, out of space or without its journal looks like that."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable

import pytest
from support.pages import Page
from support.tapes import eventually

from trading_bot.boot.home import Home
from trading_bot.contract.telemetry.definition import Kept
from trading_bot.contract.telemetry.definition import Page as MetricsPage
from trading_bot.contract.telemetry.metrics import on_page

Program = subprocess.Popen[str]
Scrape = Callable[[], Page]

STATE_GAUGES = {metric.name for metric in on_page(MetricsPage.EXPORTER) if metric.kept is Kept.WHILE_ALIVE}


def shows(scrape: Scrape, up: float, reason: str) -> Page:
    """Wait until the page says so, and return it."""
    pages: list[Page] = []

    def says_so() -> bool:
        pages.append(scrape())
        return pages[-1].value("tradingbot_up_reason", reason=reason) == 1

    eventually(says_so)
    page = pages[-1]  # the next one may say something else
    assert page.status == 200
    assert page.value("tradingbot_up") == up
    return page


def kill(bot: Program) -> None:
    bot.kill()
    bot.wait()


def test_a_living_bot_is_up_with_its_state(bot: Program, scrape: Scrape):
    page = shows(scrape, 1, "Alive")
    assert page.names >= STATE_GAUGES
    assert page.value("tradingbot_fills_total", symbol="EUR/USD", side="buy", liquidity="taker") == 3
    assert page.value("tradingbot_exporter_fold_disagreements_total") == 0


def test_a_killed_bot_is_dead_and_its_counters_stay(bot: Program, scrape: Scrape):
    before = shows(scrape, 1, "Alive")
    kill(bot)
    page = shows(scrape, 0, "Dead")
    assert not page.names & STATE_GAUGES
    counter = "tradingbot_account_equity_usd", "tradingbot_fills_total"
    assert counter[0] in before.names - page.names
    assert counter[1] in page.names
    beats = "tradingbot_journal_events_total"
    assert page.value(beats, kind="bot.beat") >= before.value(beats, kind="bot.beat")


def test_a_stopped_bot_is_frozen_and_comes_back(bot: Program, scrape: Scrape):
    shows(scrape, 1, "Alive")
    bot.send_signal(signal.SIGSTOP)
    page = shows(scrape, 0, "Frozen")
    assert not page.names & STATE_GAUGES
    assert page.value("tradingbot_condition", condition="Deciding", status="Unknown") == 1
    bot.send_signal(signal.SIGCONT)
    assert shows(scrape, 1, "Alive").names >= STATE_GAUGES


def test_a_bot_without_space_is_up_with_a_journal_that_cannot_be_written(bot: Program, scrape: Scrape):
    shows(scrape, 1, "Alive")
    assert bot.stdin is not None
    bot.stdin.write("full\n")
    bot.stdin.flush()
    page = shows(scrape, 1, "JournalUnwritable")
    assert not page.names & STATE_GAUGES
    assert page.value("tradingbot_condition", condition="JournalWritable", status="False") == 1
    assert page.value("tradingbot_condition", condition="Deciding", status="Unknown") == 1


def test_a_restarted_bot_is_up_again_and_no_counter_is_lower(
    start_bot: Callable[[], Program], scrape: Scrape
):
    kill(start_bot())
    before = shows(scrape, 0, "Dead")
    start_bot()
    after = shows(scrape, 1, "Alive")
    assert after.value("tradingbot_runs_total") == 2
    fills = {"symbol": "EUR/USD", "side": "buy", "liquidity": "taker"}
    assert after.value("tradingbot_fills_total", **fills) >= before.value("tradingbot_fills_total", **fills)


@pytest.mark.parametrize(("spoil", "reason"), [("remove", "JournalMissing"), ("overwrite", "JournalCorrupt")])
def test_a_journal_that_is_gone_or_garbage_is_said_at_once_and_still_answers_200(
    home: Home, bot: Program, scrape: Scrape, spoil: str, reason: str
):
    shows(scrape, 1, "Alive")
    kill(bot)
    garbage = home.path / "garbage"
    garbage.write_bytes(b"this is no database" * 1000)
    home.journal.with_name("journal.db-wal").unlink()  # alone it still holds the whole journal
    if spoil == "remove":
        home.journal.unlink()
    else:
        garbage.rename(home.journal)
    page = shows(scrape, 0, reason)
    assert not page.names & STATE_GAUGES
    assert "tradingbot_fills_total" in page.names
    assert page.value("tradingbot_condition", condition="TelemetryFlowing", status="False") == 1
