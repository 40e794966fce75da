"""`tickertape preflight` against the real exchange process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml
from support.command import Command
from support.exchange_process import ExchangeProcess, exchange_running

from trading_bot.contract.settings import parse_settings

pytestmark = pytest.mark.xdist_group("preflight")  # one exchange for all of them


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExchangeProcess]:
    with exchange_running(tmp_path_factory.mktemp("exchange") / "home") as exchange:
        yield exchange


def flown(exchange: ExchangeProcess, *arguments: str, **variables: str):
    command = Command(exchange.home)
    done = command.run("preflight", "--output", "json", *arguments, BOT_VENUE__URL=exchange.url, **variables)
    assert done.stdout, done.stderr
    return done, {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}


def test_it_asks_the_exchange_and_says_that_nothing_is_in_the_way(exchange):
    before = exchange.books()
    done, found = flown(exchange)
    assert done.returncode == 0, done.stdout
    assert found["connection"]["status"] == "ok"
    assert found["permissions"]["found"] == "the key may trade, and move nothing away"
    assert found["order size: trend EUR/USD"]["status"] == "ok"
    assert exchange.books() == before, "it changes nothing at the exchange"
    assert not (exchange.home / "journal.db").exists()


def test_wrong_keys_end_with_1_and_the_code(exchange):
    wrong = exchange.home / "wrong-secret"
    wrong.write_text("not the secret of this exchange")
    wrong.chmod(0o600)
    done, found = flown(exchange, BOT_VENUE__SECRET_FILE=str(wrong))
    assert done.returncode == 1
    assert found["connection"]["found"].startswith("VENUE_002")


def test_a_clock_that_is_off_fails(exchange):
    exchange.switch("clock_skew", on=True, size=-2)
    try:
        done, found = flown(exchange)
    finally:
        exchange.switch("clock_skew", on=False)
    assert done.returncode == 1
    assert found["connection"]["found"].startswith("VENUE_005"), "signed requests are refused by it"


def test_the_canary_is_tiny_reduce_only_and_written_once(exchange):
    done, found = flown(exchange, "--canary", "EUR/USD")
    settings = parse_settings(yaml.safe_load((exchange.home / "config.yaml").read_text()))
    assert settings.symbols == ("EUR/USD",)
    assert settings.begins == "reduce_only"
    assert settings.limits.max_gross_exposure <= 25
    assert found["beginning"]["status"] == "ok"
    assert done.returncode == 0, done.stdout
    again = Command(exchange.home).run("preflight", "--canary", "EUR/USD")
    assert again.returncode == 1
    assert "BOT_014" in again.stderr
