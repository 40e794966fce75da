"""Positions as a client writes them."""

from __future__ import annotations

from trading_bot.journal import TapePosition


def written(position: TapePosition | None) -> str | None:
    """Return a position as one word, as it also stands in the header ``Tickertape-Position``."""
    return None if position is None else f"{position.tape_id}/{position.run_id}/{position.seq}"


def parsed(text: str) -> TapePosition:
    """Return the position that a word of the form of ``contract.stream.Position`` stands for."""
    tape_id, run_id, seq = text.split("/")
    return TapePosition(tape_id, run_id, int(seq))
