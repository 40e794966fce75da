"""The status drawn for a terminal."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

STATUS_STYLES: Final = {
    "healthy": "bold green",
    "degraded": "bold yellow",
    "offline": "bold red",
    "True": "green",
    "False": "red",
    "Unknown": "yellow",
}
UNKNOWN: Final = "unknown"
WHOLE: Final[dict[str, Any]] = {"markup": False, "soft_wrap": True}
"""A line of text, left to the terminal to wrap: so a search in the output finds it."""


def render(summary: dict[str, Any]) -> None:
    """Print everything, section by section; sections with nothing in them are left out."""
    console = Console(highlight=False)
    _head(console, summary)
    _conditions(console, summary["health"]["conditions"])
    _rows(console, "Positions", summary["positions"], ("unknown_because",))
    _rows(console, "Open orders", summary["orders"], ())
    if summary["orders_left_out"]:
        console.print(f"  and {summary['orders_left_out']} older ones")
    _errors(console, summary["errors"])
    for warning in summary["warnings"]:
        console.print(Text(f"warning: {warning}", style="yellow"))


def _head(console: Console, summary: dict[str, Any]) -> None:
    health, mode, account = summary["health"], summary["mode"], summary["account"]
    console.print(Text.assemble((health["status"], style(health["status"])), f"  {health['reason']}"))
    halted = mode["halt_file"]
    why = f"HALT file by {halted['actor']}: {halted['reason']}" if halted else mode["message"]
    console.print(f"mode      {mode['mode']}, {seconds(mode['age_seconds'])} ({why})", **WHOLE)
    equity = account["equity"] or f"{UNKNOWN} ({account['equity_unknown_because']})"
    console.print(
        f"equity    {equity} {account['currency']}, cash {account['cash'] or UNKNOWN},"
        f" today {account['daily_pnl'] or UNKNOWN}, drawdown {account['drawdown'] or UNKNOWN}",
        **WHOLE,
    )
    counted = ", ".join(f"{number} {name}" for name, number in summary["counts"].items())
    console.print(f"counted   {counted}", **WHOLE)
    ages = ", ".join(f"{name.replace('_', ' ')} {seconds(age)}" for name, age in summary["ages"].items())
    console.print(f"ages      {ages}", **WHOLE)


def _conditions(console: Console, conditions: list[dict[str, Any]]) -> None:
    table = Table(title="Conditions", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in ("condition", "status", "reason", "since", "message"):
        table.add_column(column, overflow="fold")
    told = None
    for condition in conditions:
        message = condition["message"]
        table.add_row(
            condition["name"],
            Text(condition["status"], style=style(condition["status"])),
            condition["reason"],
            seconds(condition["age_seconds"]),
            Text("same" if message == told else message),
        )
        told = message
    console.print(table)


def _rows(
    console: Console, title: str, rows: list[dict[str, Any]], hidden_when_empty: tuple[str, ...]
) -> None:
    if not rows:
        return
    columns = [
        name
        for name in rows[0]
        if name not in hidden_when_empty or any(row[name] is not None for row in rows)
    ]
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(UNKNOWN if row[name] is None else str(row[name]) for name in columns))
    console.print(table)


def _errors(console: Console, errors: list[dict[str, Any]]) -> None:
    for error in errors:
        when = seconds(error["age_seconds"])
        console.print(Text(f"{error['error_code']} {when} ago: {error['message']}", style="red"))


def style(word: str) -> str:
    """Return the colour of a status."""
    return STATUS_STYLES.get(word, "")


def seconds(value: float | None) -> str:
    """Return an age for people."""
    if value is None:
        return "never"
    if value < 120:  # noqa: PLR2004 - two minutes still read well as seconds
        return f"{value:.1f} s"
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
