"""Who asked the ops endpoint for a change, and what became of it."""

from __future__ import annotations

from typing import ClassVar

from trading_bot.contract.events.definition import Event


class WriteAnswered(Event, frozen=True, kw_only=True):
    """Somebody with a key asked ops for a change over HTTP, and got this answer.

    Only requests with a known key and within its rate are facts: what anybody can send without one would
    fill the disk, and is recorded as an error once a minute instead.
    """

    KIND: ClassVar[str] = "write.answered"
    REASON: ClassVar[str] = "The audit of every write, also of those that were refused or change no tape."

    actor: str
    """The key's name, or the person's."""
    key_id: str
    role: str
    """``read`` or ``operate``."""
    method: str
    path: str
    endpoint: str | None
    """The handler's name; None where the path has none."""
    reason: str | None
    """As the request gave it, at most 500 characters."""
    dry_run: bool
    status: int
    request_id: str
