"""What every settings key says of itself: meaning, bounds, when a change applies, what it risks.

A key's schema carries two marks of its own besides JSON Schema's:

``x-apply``
    ``hot``: in force with the next decision; ``restart``: in force after a restart of the bot;
    ``forbidden``: fixed for the life of a journal.
``x-loosens``
    which change takes more risk: ``up``, ``down``, ``any`` or ``none``.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta

HOT: Final = {"x-apply": "hot"}
RESTART: Final = {"x-apply": "restart"}
FORBIDDEN: Final = {"x-apply": "forbidden"}

POSITIVE: Final[dict[str, Any]] = {"type": "number", "exclusiveMinimum": 0, "maximum": 1e12}
SHARE: Final[dict[str, Any]] = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}

Symbol = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,20}/[A-Z]{3,10}$", examples=["EUR/USD"])]
StrategyName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,40}$", examples=["trend"])]


def key(description: str, apply: dict[str, str], loosens: str, **schema: Any) -> Meta:
    """Return what a key's annotation says; ``schema`` are JSON Schema's own keywords for it."""
    return Meta(description=description, extra_json_schema={**apply, "x-loosens": loosens, **schema})
