"""What `tickertape data` shows: the series there are, and the quality of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from trading_bot.contract.errors import OperatorError
from trading_bot.market_data import bundled, intake, stored
from trading_bot.market_data.faults import REMEDIES, Fault
from trading_bot.market_data.succession import length, shown, usual_step

ANY_SYMBOL: Final = f"ANY/{intake.QUOTE}"
"""A file can be looked at before anybody says what it is of."""

ORIGINS: Final = {
    "EUR/USD": ("gym-anytrading 2.0.0", "MIT"),
    "GOOGL/USD": ("gym-anytrading 2.0.0", "MIT"),
    "AAPL/USD": ("bokeh-sampledata 2026.1, Quandl WIKI", "public domain, BSD-3-Clause"),
    "IBM/USD": ("bokeh-sampledata 2026.1, Quandl WIKI", "public domain, BSD-3-Clause"),
    "MSFT/USD": ("bokeh-sampledata 2026.1, Quandl WIKI", "public domain, BSD-3-Clause"),
}
"""Source and licence of each bundled series; data/README.md has them in full."""


def catalogue(folder: Path) -> list[dict[str, Any]]:
    """Return the bundled series and those stored in ``folder``, a row each.

    Raises:
        OperatorError: DATA_004 for a stored one that cannot be read.
    """
    own = [_stored_row(series) for series in stored.descriptions(stored.stored_in(folder)).values()]
    return [*own, *(_bundled_row(symbol) for symbol in bundled.SYMBOLS)]


def _stored_row(series: stored.Description) -> dict[str, Any]:
    return {
        "symbol": series.symbol,
        "origin": "yours",
        "bars": series.bars,
        "bar": length(series.step_ns),
        "first": shown(series.first_ns),
        "last": shown(series.last_ns),
        "source": series.source,
        "licence": series.licence,
        "repaired": sum(series.repaired.values()),
    }


def _bundled_row(symbol: str) -> dict[str, Any]:
    bars = bundled.load(symbol).bars
    source, licence = ORIGINS[symbol]
    step = usual_step([bar.open_time_ns for bar in bars])
    return {
        "symbol": symbol,
        "origin": "bundled",
        "bars": len(bars),
        "bar": length(step) if step else None,
        "first": shown(bars[0].open_time_ns),
        "last": shown(bars[-1].open_time_ns),
        "source": source,
        "licence": licence,
        "repaired": 0,
    }


def quality(path: Path, symbol: str | None, *, sessions: bool) -> dict[str, Any]:
    """Return what is wrong with a table: each kind with its count, and the first few rows of each.

    Raises:
        OperatorError: DATA_004, DATA_007, DATA_009 or DATA_010, it cannot be looked at.
    """
    if not path.exists():
        raise OperatorError("DATA_004", f"{path} does not exist", source=str(path))
    checked = intake.checked_symbol(symbol) if symbol else ANY_SYMBOL
    report = intake.survey(intake.Request(path=path, symbol=checked, sessions=sessions))
    span = (
        f"{shown(report.first_ns)} to {shown(report.last_ns)}"
        if report.first_ns and report.last_ns
        else "no time"
    )
    wrong = sum(report.faults.values())
    verdict = (
        f"{wrong:,} faults, the first {intake.EXAMPLES_A_KIND} of each kind:" if wrong else "nothing is wrong"
    )
    return {
        "summary": f"{path}: {report.rows:,} rows of {length(report.step_ns)}, {span}: {verdict}",
        "source": report.source,
        "rows": report.rows,
        "bar": length(report.step_ns),
        "first": shown(report.first_ns) if report.first_ns else None,
        "last": shown(report.last_ns) if report.last_ns else None,
        "faults": [_fault_row(fault, report.faults[fault.kind]) for fault in report.examples],
    }


def _fault_row(fault: Fault, count: int) -> dict[str, Any]:
    return {
        "kind": fault.kind.value,
        "count": count,
        "source": fault.source,
        "row": fault.row,
        "column": fault.column,
        "expected": fault.expected,
        "found": fault.found,
        "remedy": REMEDIES[fault.kind],
    }
