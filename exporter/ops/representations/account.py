"""The account as it is shown."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from exporter.ops.representations.values import Amount, Moment, Unknown, moment, money, without_nulls
from exporter.ops.representations.words import (
    ACCOUNT_UNREAD,
    equity_unknown,
    nothing_known,
    unrealized_unknown,
)
from trading_bot.contract.events.trading import Side
from trading_bot.domain.derived import total_unrealized_pnl
from trading_bot.domain.state import ZERO, State


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """Money in the account currency.

    ``buying_power`` is cash less what open buy orders may still take; ``account_balance`` is equity
    without what is unrealized.
    """

    currency: str
    buying_power: Amount | None
    account_balance: Amount | None
    cash_balance: Amount | None
    equity: Amount | None
    last_updated: Moment | None
    unknown: Unknown


def represent_account(state: State) -> AccountView:
    """Return the account."""
    account = state.account
    nothing, no_equity = nothing_known(state), equity_unknown(state)
    cash = None if nothing else account.balances.get(account.currency, ZERO)
    unrealized = total_unrealized_pnl(state)
    no_balance = no_equity or unrealized_unknown(state)
    balance = (
        None if no_balance or account.equity is None or unrealized is None else account.equity - unrealized
    )
    return AccountView(
        currency=account.currency,
        buying_power=None if cash is None else money(max(ZERO, cash - _reserved(state))),
        account_balance=money(balance),
        cash_balance=money(cash),
        equity=None if no_equity else money(account.equity),
        last_updated=moment(account.updated_at),
        unknown=without_nulls(
            {
                "buying_power": nothing,
                "account_balance": no_balance,
                "cash_balance": nothing,
                "equity": no_equity,
                "last_updated": nothing or (ACCOUNT_UNREAD if account.updated_at is None else None),
            }
        ),
    )


def _reserved(state: State) -> Decimal:
    """Return what open buy orders may still take from the cash."""
    return sum(
        (
            order.remaining * (order.limit_price or order.reference_price)
            for order in state.orders.values()
            if order.side is Side.BUY
        ),
        ZERO,
    )
