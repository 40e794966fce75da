"""What a key may do."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """What a key or a person may do; a higher role may all that a lower one may."""

    READ = 1
    OPERATE = 2

    @property
    def word(self) -> str:
        """The role as it is written everywhere: ``read`` or ``operate``."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Role:
        """Return the role of that word.

        Raises:
            KeyError: there is none.
        """
        return cls[word.upper()]
