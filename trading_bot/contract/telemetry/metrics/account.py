"""The account."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType

EQUITY: Final = Metric(
    name="tradingbot_account_equity_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Cash plus the value of all positions.",
    kept=Kept.WHILE_ALIVE,
)
CASH: Final = Metric(
    name="tradingbot_account_cash_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Cash.",
    kept=Kept.WHILE_ALIVE,
)
BALANCE: Final = Metric(
    name="tradingbot_account_balance",
    type=MetricType.GAUGE,
    unit="the asset",
    meaning="Amount of an asset, what working orders hold included.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.ASSET,),
)
REALIZED: Final = Metric(
    name="tradingbot_account_realized_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Realized profit and loss since the journal began, after fees.",
    kept=Kept.WHILE_ALIVE,
)
UNREALIZED: Final = Metric(
    name="tradingbot_account_unrealized_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Profit and loss of the open positions at the mark.",
    kept=Kept.WHILE_ALIVE,
)
DAILY_PNL: Final = Metric(
    name="tradingbot_account_daily_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Realized plus unrealized since the trading day's start.",
    kept=Kept.WHILE_ALIVE,
)
DAY_START_EQUITY: Final = Metric(
    name="tradingbot_account_day_start_equity_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Equity at the trading day's start.",
    kept=Kept.WHILE_ALIVE,
)
PEAK_EQUITY: Final = Metric(
    name="tradingbot_account_peak_equity_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Highest equity since the journal began.",
    kept=Kept.WHILE_ALIVE,
)
DRAWDOWN: Final = Metric(
    name="tradingbot_account_drawdown_ratio",
    type=MetricType.GAUGE,
    unit="ratio",
    meaning="Fall of equity from its peak, as a part of the peak.",
    kept=Kept.WHILE_ALIVE,
)
MAX_DRAWDOWN: Final = Metric(
    name="tradingbot_account_max_drawdown_ratio",
    type=MetricType.GAUGE,
    unit="ratio",
    meaning="Largest drawdown since the journal began.",
    kept=Kept.WHILE_ALIVE,
)
EXPOSURE: Final = Metric(
    name="tradingbot_account_gross_exposure_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Sum of all positions' values.",
    kept=Kept.WHILE_ALIVE,
)
POSITION_QUANTITY: Final = Metric(
    name="tradingbot_position_quantity",
    type=MetricType.GAUGE,
    unit="the base asset",
    meaning="Quantity held.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
POSITION_ENTRY: Final = Metric(
    name="tradingbot_position_entry_price",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Average price of what is held; absent when nothing is, or when it is not known.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
POSITION_NOTIONAL: Final = Metric(
    name="tradingbot_position_notional_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Value of what is held, at the mark.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
POSITION_PNL: Final = Metric(
    name="tradingbot_position_unrealized_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Unrealized profit and loss of a position.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
POSITION_REALIZED: Final = Metric(
    name="tradingbot_position_realized_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Realized profit and loss of a symbol since the journal began, after fees.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
STRATEGY_REALIZED: Final = Metric(
    name="tradingbot_strategy_realized_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Realized profit and loss since the journal began, after fees, by the strategy that bought; "
    "unattributed is what was adopted from the venue.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.STRATEGY,),
)
STRATEGY_UNREALIZED: Final = Metric(
    name="tradingbot_strategy_unrealized_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Profit and loss at the mark of the positions that a strategy bought; absent while one is not known.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.STRATEGY,),
)
TRADES: Final = Metric(
    name="tradingbot_trades_total",
    type=MetricType.COUNTER,
    unit="round trips",
    meaning="Positions closed, from flat to flat.",
    kept=Kept.ALWAYS,
    labels=(
        labels.SYMBOL,
        labels.RESULT,
    ),
)
