"""A byte budget that is kept by construction: an item goes in whole, in a shorter form, or not at all."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

SEPARATOR: Final = 1
"""The comma between two items."""

_encoder: Final = msgspec.json.Encoder()


class Budget:
    """Bytes that are left for what is still to come.

    Args:
        limit: bytes of the whole body.
        skeleton: the body with every item of varying size left empty.

    Attributes:
        left: bytes.
    """

    def __init__(self, limit: int, skeleton: object) -> None:
        self.left = limit - len(_encoder.encode(skeleton))

    def first(self, *forms: T, share: int) -> T | None:
        """Take the first of ``forms`` that fits and needs at most ``share`` bytes; None if none does."""
        most = min(self.left, share)
        for form in forms:
            size = len(_encoder.encode(form)) + SEPARATOR
            if size <= most:
                self.left -= size
                return form
        return None
