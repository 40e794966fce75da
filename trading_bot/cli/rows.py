"""Rows of the same columns, printed as a table, JSON or CSV: the same way by every command."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click


def print_rows(
    rows: Sequence[Mapping[str, Any]], columns: tuple[str, ...], output: str, empty: str = "none"
) -> None:
    """Print rows of these columns, each in full; ``empty`` tells a person that there is no row."""
    if output == "json":
        click.echo(json.dumps(rows, indent=2))
        return
    cells = [columns, *([_cell(row.get(name)) for name in columns] for row in rows)]
    if output == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(cells)
        return
    if not rows:
        click.echo(empty)
        return
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    for line in cells:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
