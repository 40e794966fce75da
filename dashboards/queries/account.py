"""What it owns, what it earned, and what that cost."""

from __future__ import annotations

from typing import Final

from dashboards.promql import PER_MINUTE, either, increase, quantile, rate, ratio, series, total
from dashboards.queries.query import Query
from trading_bot.contract.telemetry import labels, metrics

DECIDED: Final = ("won", "lost")

EQUITY: Final = Query(series(metrics.EQUITY), "equity, {{bot}}")
PEAK: Final = Query(series(metrics.PEAK_EQUITY), "peak, {{bot}}")
DAY_START: Final = Query(series(metrics.DAY_START_EQUITY), "day's start, {{bot}}")
EQUITY_AND_START: Final = Query(
    either({"equity": series(metrics.EQUITY), "day's start": series(metrics.DAY_START_EQUITY)}),
    "{{what}}, {{bot}}",
)
CASH: Final = Query(series(metrics.CASH), "cash, {{bot}}")
DAILY: Final = Query(series(metrics.DAILY_PNL), "today, {{bot}}")
REALIZED: Final = Query(series(metrics.REALIZED), "realized, {{bot}}")
UNREALIZED: Final = Query(series(metrics.UNREALIZED), "unrealized, {{bot}}")
DRAWDOWN: Final = Query(series(metrics.DRAWDOWN), "drawdown, {{bot}}")
MAX_DRAWDOWN: Final = Query(series(metrics.MAX_DRAWDOWN), "largest so far, {{bot}}")
LOSS_BUDGET_LEFT: Final = Query(f"1 - {series(metrics.RISK_UTILISATION, limit='max_daily_loss')}")
EXPOSURE: Final = Query(series(metrics.EXPOSURE), "all positions, {{bot}}")
EXPOSURE_LIMIT: Final = Query(series(metrics.RISK_LIMIT, limit="max_gross_exposure"), "limit, {{bot}}")

QUANTITY: Final = Query(total(series(metrics.POSITION_QUANTITY), labels.SYMBOL), "{{symbol}}")
NOTIONAL: Final = Query(total(series(metrics.POSITION_NOTIONAL), labels.SYMBOL), "{{symbol}}")
POSITION_UNREALIZED: Final = Query(total(series(metrics.POSITION_PNL), labels.SYMBOL), "{{symbol}}")
POSITION_RESULT: Final = Query(
    f"{total(series(metrics.POSITION_REALIZED), labels.SYMBOL)}"
    f" + ({total(series(metrics.POSITION_PNL), labels.SYMBOL)}"
    f" or 0 * {total(series(metrics.POSITION_REALIZED), labels.SYMBOL)})",
    "{{symbol}}",
)
"""A symbol that is flat has no unrealized part: it is zero then, not unknown."""

STRATEGY_RESULT: Final = Query(
    f"{total(series(metrics.STRATEGY_REALIZED), labels.STRATEGY)}"
    f" + ({total(series(metrics.STRATEGY_UNREALIZED), labels.STRATEGY)}"
    f" or 0 * {total(series(metrics.STRATEGY_REALIZED), labels.STRATEGY)})",
    "{{strategy}}",
)
"""As by symbol: what is sold is realized, and the unrealized part is zero then."""

WIN_RATE: Final = Query(
    ratio(
        total(increase(metrics.TRADES, result="won")),
        total(increase(metrics.TRADES, result=DECIDED)),
    )
)
ROUND_TRIPS: Final = Query(f"{total(increase(metrics.TRADES), labels.RESULT)} > 0", "{{result}}")

_PRICE_OF_ASSET: Final = (
    f'max by (bot, asset) (label_replace({series(metrics.MARK_PRICE)}, "asset", "$1", "symbol", "(.+)/.+"))'
)
FEES: Final = Query(
    f"{total(increase(metrics.FEES), labels.ASSET)} * on (bot, asset) {_PRICE_OF_ASSET}"
    f" or {total(increase(metrics.FEES, asset='USD'), labels.ASSET)}",
    "in {{asset}}",
)
"""Commission comes in the asset that it was taken from; its value is taken at the present mark."""
SLIPPAGE_MEDIAN: Final = Query(quantile(0.5, metrics.SLIPPAGE, labels.SIDE), "median, {{side}}")
SLIPPAGE_WORST: Final = Query(quantile(0.9, metrics.SLIPPAGE, labels.SIDE), "9 of 10 below, {{side}}")
TURNOVER: Final = Query(f"{PER_MINUTE} * {total(rate(metrics.FILL_NOTIONAL), labels.SYMBOL)}", "{{symbol}}")
