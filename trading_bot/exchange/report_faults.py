"""What faults do to what the account hears: reports twice or in reverse, balances that are not so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from trading_bot.exchange.faults import DUPLICATE_FILL, OUT_OF_ORDER_FILLS, WRONG_BALANCE, Faults
from trading_bot.exchange.listing import ASSET_STEP, QUOTE_ASSET
from trading_bot.exchange.orders import Account
from trading_bot.exchange.reports import Report


def reports_told(faults: Faults, reports: Sequence[Report]) -> list[Report]:
    """Return the reports of a step as the stream tells them."""
    told = list(reports)
    symbol = told[0].order.symbol if told else None
    for name, change in CHANGES.items():
        if faults.strikes(name, symbol):
            told = change(told)
    return told


def account_shown(faults: Faults, account: Account) -> Account:
    """Return the account as answers and reports show it."""
    balances = dict(account.balances)
    for asset, balance in account.balances.items():
        symbol = None if asset == QUOTE_ASSET else f"{asset}/{QUOTE_ASSET}"
        fault = faults.strikes_only(WRONG_BALANCE, symbol)
        if fault is not None:
            shown = (balance.free * Decimal(str(1 - fault.size))).quantize(ASSET_STEP)
            balances[asset] = msgspec.structs.replace(balance, free=shown)
    return Account(balances=balances)


def _twice(reports: list[Report]) -> list[Report]:
    return [each for report in reports for each in ([report] if report.trade is None else [report, report])]


def _reversed(reports: list[Report]) -> list[Report]:
    return reports[::-1]


CHANGES: Final[dict[str, Callable[[list[Report]], list[Report]]]] = {
    DUPLICATE_FILL: _twice,
    OUT_OF_ORDER_FILLS: _reversed,
}
