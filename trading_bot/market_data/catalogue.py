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
    """Return what is wrong with a file, or with a folder: one series in parts with a symbol, else one a file.

    Each kind comes with its count and its first few rows.

    Raises:
        OperatorError: DATA_004, DATA_007, DATA_009 or DATA_010, it cannot be looked at.
    """
    if not path.exists():
        raise OperatorError("DATA_004", f"{path} does not exist", source=str(path))
    checked = intake.checked_symbol(symbol) if symbol else ANY_SYMBOL
    parts = [path] if symbol or not path.is_dir() else intake.tables_of(path)
    reports = [intake.survey(intake.Request(path=part, symbol=checked, sessions=sessions)) for part in parts]
    return {
        "series": [_series_row(report) for report in reports],
        "faults": [
            _fault_row(fault, report.faults[fault.kind]) for report in reports for fault in report.examples
        ],
    }


def _series_row(report: intake.Report) -> dict[str, Any]:
    return {
        "source": report.source,
        "rows": report.rows,
        "bar": length(report.step_ns),
        "first": None if report.first_ns is None else shown(report.first_ns),
        "last": None if report.last_ns is None else shown(report.last_ns),
        "faults": sum(report.faults.values()),
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
