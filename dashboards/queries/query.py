"""An expression with the name of what it returns."""

from __future__ import annotations

import msgspec


class Query(msgspec.Struct, frozen=True):
    """One expression of a panel.

    ``legend`` names a series, with labels in double braces. ``exemplars`` asks for the traces behind a
    histogram's values.
    """

    expression: str
    legend: str = "{{bot}}"
    exemplars: bool = False
