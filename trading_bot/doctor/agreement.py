"""Checks of the journal against others: the exchange's books, and the settings file."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from http.client import HTTPException
from typing import Any, Final
from urllib.request import ProxyHandler, build_opener

import msgspec
import yaml

from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.settings import Settings, parse_settings, settings_hash
from trading_bot.doctor.finding import Finding, failed, fine, unknown, warning
from trading_bot.doctor.patient import DATABASES, Patient
from trading_bot.domain.state import RECENT_TRADE_IDS, State
from trading_bot.journal.inspection import OwnedReader

EXCHANGE: Final = "exchange.db"
PATIENCE_SECONDS: Final = 5.0
IN_FLIGHT_SECONDS: Final = 1.5
"""What is on its way between exchange and bot when both are looked at has arrived after this time."""
OPEN: Final = ("NEW", "PARTIALLY_FILLED")
MOST_RECORDS: Final = 10_000
"""Orders and trades that are asked for, newest first."""


class ExchangeBooks(msgspec.Struct, frozen=True, kw_only=True):
    """What the exchange holds: balances by asset, client ids of open orders, trades as (symbol, id), newest first."""

    balances: dict[str, Decimal]
    open_orders: set[str]
    trades: list[tuple[str, str]]


def books(patient: Patient) -> Iterator[Finding]:
    """Balances, open orders and fills are the same on both sides."""
    if not patient.settings.is_simulated:
        name = patient.settings.venue.name
        yield unknown(
            "books", f"{name} is asked by the bot itself", "See its condition Reconciled: tickertape status"
        )
        return
    if not patient.home.exchange.exists():
        yield fine("books", "the simulated exchange has no books here yet")
        return
    try:
        differing = _compared(patient)
    except TickertapeError as error:
        yield unknown("books", f"they cannot be compared: {error.message}")
        return
    except (OSError, HTTPException, ValueError, KeyError) as error:
        yield unknown("books", f"the exchange's books cannot be read: {error}")
        return
    yield judge_books(differing, alive=patient.bot_lives)


def _compared(patient: Patient) -> list[str]:
    differing = compare(patient.state, read_books(patient))
    if differing and patient.bot_lives and patient.owner(EXCHANGE) is not None:
        time.sleep(IN_FLIGHT_SECONDS)
        # What was on its way has arrived; what differs for good differs again.
        differing = compare(patient.look_again(), read_books(patient))
    return differing


def read_books(patient: Patient) -> ExchangeBooks:
    """Return the exchange's books: from itself while it runs, else from its database.

    Raises:
        OSError, HTTPException, ValueError, KeyError: it does not answer, or otherwise than expected.
        TickertapeError: the database cannot be read.
    """
    if patient.owner(EXCHANGE) is not None:
        return _asked(f"{patient.settings.venue_url}/sim/books?limit={MOST_RECORDS}")
    with OwnedReader.open(patient.readable(EXCHANGE), DATABASES[EXCHANGE]) as database:
        balances = database.rows("SELECT asset, free, locked FROM balances")
        opened = database.rows("SELECT client_order_id FROM orders WHERE status IN (?, ?)", OPEN)
        trades = database.rows(
            "SELECT symbol, trade_id FROM trades ORDER BY trade_id DESC LIMIT ?", (MOST_RECORDS,)
        )
    return ExchangeBooks(
        balances={asset: Decimal(free) + Decimal(locked) for asset, free, locked in balances},
        open_orders={client_order_id for (client_order_id,) in opened},
        trades=[(symbol, str(trade_id)) for symbol, trade_id in trades],
    )


def _asked(url: str) -> ExchangeBooks:
    # It is on this machine or beside it: a proxy of the environment must not come between.
    with build_opener(ProxyHandler({})).open(url, timeout=PATIENCE_SECONDS) as response:
        answer: dict[str, Any] = json.load(response)
    return ExchangeBooks(
        balances={
            asset: Decimal(held["free"]) + Decimal(held["locked"])
            for asset, held in answer["balances"].items()
        },
        open_orders={order["client_order_id"] for order in answer["orders"] if order["status"] in OPEN},
        trades=[(trade["symbol"], str(trade["trade_id"])) for trade in answer["trades"]],
    )


def compare(state: State, held: ExchangeBooks) -> list[str]:
    """Return how the journal's state and the exchange's books differ, in words."""
    return [*_balances(state, held), *_orders(state, held), *_trades(state, held)]


def _balances(state: State, held: ExchangeBooks) -> Iterator[str]:
    known = state.account.balances
    for asset in sorted({*known, *held.balances}):
        ours, theirs = known.get(asset, Decimal(0)), held.balances.get(asset, Decimal(0))
        if ours != theirs:
            yield f"{asset} is {ours.normalize():f} in the journal and {theirs.normalize():f} at the exchange"


def _orders(state: State, held: ExchangeBooks) -> Iterator[str]:
    acknowledged = {name for name, order in state.orders.items() if order.acknowledged_at is not None}
    for name in sorted(acknowledged - held.open_orders):
        yield f"order {name} is open in the journal and not at the exchange"
    for name in sorted(held.open_orders - set(state.orders)):
        yield f"order {name} is open at the exchange and not in the journal"


def _trades(state: State, held: ExchangeBooks) -> Iterator[str]:
    theirs = set(held.trades)
    for symbol, known in state.trade_ids.items():
        for trade_id in known:
            if (symbol, trade_id) not in theirs and len(theirs) < MOST_RECORDS:
                yield f"fill {trade_id} of {symbol} is in the journal and not at the exchange"
    newest: dict[str, int] = {}
    for symbol, trade_id in held.trades:
        newest[symbol] = newest.get(symbol, 0) + 1
        if newest[symbol] <= RECENT_TRADE_IDS and trade_id not in state.trade_ids.get(symbol, {}):
            yield f"fill {trade_id} of {symbol} is at the exchange and not in the journal"


def judge_books(differing: list[str], *, alive: bool) -> Finding:
    """Judge the differences; those of a bot that does not run it settles itself at its next start."""
    if not differing:
        return fine("books", "journal and exchange agree on balances, open orders and fills")
    more = f" (and {len(differing) - 1} more)" if len(differing) > 1 else ""
    if alive:
        return failed(
            "books",
            differing[0] + more,
            "See what the bot's reconciliation says; stop trading until it is settled",
            "tickertape halt --reason 'books differ'",
        )
    return warning(
        "books", differing[0] + more, "The bot takes over the exchange's side when it starts", "tickertape up"
    )


def configuration(patient: Patient) -> Iterator[Finding]:
    """The settings file says what is in force, and what is traded is what there is data of."""
    path = patient.home.config
    try:
        applied = patient.state.settings if patient.home.journal.exists() else None
    except (TickertapeError, OSError) as error:
        yield unknown("configuration", f"the journal cannot be read: {error}")
        return
    in_force = applied.settings if applied else None
    try:
        written = read_config(path.read_text(encoding="utf-8")) if path.exists() else None
    except TickertapeError as error:
        yield failed(
            "configuration",
            f"{path.name}: {error.message}",
            "Correct the file: no journal can be seeded with it"
            if in_force is None
            else "Correct or remove the file; it has no effect",
        )
        return
    except (OSError, ValueError, yaml.YAMLError) as error:
        yield failed(
            "configuration", f"{path.name} cannot be read: {' '.join(str(error).split())}", "Correct the file"
        )
        return
    generation = applied.generation if applied else 0
    yield judge_drift(written, applied.hash if applied else None, generation)
    yield from _data(patient, parse_settings(in_force) if in_force else written)


def read_config(text: str) -> Settings:
    """Return the settings in a YAML text.

    Raises:
        OperatorError: CFG_001, they are not valid.
        ValueError, YAMLError: it is no YAML mapping.
    """
    document = yaml.safe_load(text)
    if not isinstance(document, dict):
        raise ValueError(f"expected a mapping of settings, found {type(document).__name__}")  # noqa: TRY004 - as any wrong content
    return parse_settings(document)


def judge_drift(written: Settings | None, in_force: str | None, generation: int) -> Finding:
    """Judge the file's settings against the hash of those in force."""
    if in_force is None:
        source = "config.yaml" if written else "the defaults"
        return fine("configuration", f"nothing is in force yet; {source} will be")
    if written is None or settings_hash(written) == in_force:
        return fine("configuration", f"generation {generation} is in force, and no file says otherwise")
    return warning(
        "configuration",
        f"config.yaml differs from generation {generation}, which is in force; the file has no effect",
        "Change the file back; or start a new home with it",
        "tickertape status",
    )


def _data(patient: Patient, settings: Settings | None) -> Iterator[Finding]:
    own = {path.name.removesuffix(".bars").replace("-", "/") for path in patient.home.data.glob("*.bars")}
    if not own or settings is None:
        return
    lacking = sorted(set(settings.symbols) - own)
    if lacking:
        yield failed(
            "data",
            f"{', '.join(lacking)} is to be traded, and the home has data of {', '.join(sorted(own))} only",
            "Name those symbols in config.yaml of a new home, or take the data in",
            "tickertape data list",
        )
    else:
        yield fine("data", f"your data of {', '.join(sorted(own))}")
