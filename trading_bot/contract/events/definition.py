"""What every event kind declares about itself."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import msgspec


class Retention(StrEnum):
    """How long events of a kind stay on the tape. Facts are never pruned."""

    FACT = "fact"
    MEASUREMENT = "measurement"
    SPAN = "span"
    SNAPSHOT = "snapshot"


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of all event payloads.

    ``KIND`` is the dotted, past-tense name on the tape; ``VERSION`` rises when a field changes its
    meaning or a field without a default appears; ``REASON`` says why this is a kind of its own.
    """

    KIND: ClassVar[str]
    VERSION: ClassVar[int] = 1
    RETENTION: ClassVar[Retention] = Retention.FACT
    REASON: ClassVar[str]
