"""What a client sends about settings: bodies, queries, headers."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import msgspec
from flask import request
from msgspec import Meta

from exporter.ops.bodies import refused
from exporter.ops.commands import LONGEST_VALID_SECONDS
from exporter.ops.handover import LONGEST_REASON, WriteHeaders
from exporter.ops.parameters import Fault
from trading_bot.contract.commands import DEFAULT_PROBATION, LONGEST_PROBATION

GENERATION: Final = re.compile(r'(?:W/)?"?([0-9]{1,12})"?')
HISTORY_LIMIT: Final = 100

Document = Annotated[
    dict[str, Any],
    Meta(
        description="whole settings, as GET /config shows them under settings; what is left out is its default",
        examples=[
            {"symbols": ["EUR/USD"], "strategies": {"trend": {"kind": "sma_cross", "symbols": ["EUR/USD"]}}}
        ],
    ),
]
Reason = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_REASON,
        description=f"why, in words, 1 to {LONGEST_REASON} characters",
        examples=["smaller orders over the week-end"],
    ),
]
Confirm = Annotated[
    str,
    Meta(
        max_length=200,
        description="the confirm of the difference, where the change takes more risk",
        examples=["1795311202.5d41402abc4b2a76b9719d911017c592"],
    ),
]
Restart = Annotated[
    bool, Meta(description="whether the bot may restart where a key needs that", examples=[False])
]
Expires = Annotated[
    float,
    Meta(
        ge=1,
        le=LONGEST_VALID_SECONDS,
        description=f"how long the command is valid, 1 to {LONGEST_VALID_SECONDS} seconds",
        examples=[60],
    ),
]
DryRun = Annotated[bool, Meta(description="only say what would happen", examples=[False])]


class SettingsBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings to look at."""

    settings: Document


class ConfigBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``PUT /config``."""

    settings: Document
    reason: Reason
    confirm: Confirm | None = None
    restart: Restart = False
    probation_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=LONGEST_PROBATION,
            description="how long the bot goes back by itself when a health condition turns worse, at most"
            f" {LONGEST_PROBATION:g} seconds; 0: not at all",
            examples=[60],
        ),
    ] = DEFAULT_PROBATION
    adopt: Annotated[
        bool, Meta(description="whether these are the settings of the edited file", examples=[False])
    ] = False
    expires_in_seconds: Expires = 60
    dry_run: DryRun = False


class RollbackBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``PUT /config/rollback``."""

    reason: Reason
    generation: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=10**12,
                description="which one to go back to; the one before without it",
                examples=[1],
            ),
        ]
        | None
    ) = None
    confirm: Confirm | None = None
    restart: Restart = False
    expires_in_seconds: Expires = 60
    dry_run: DryRun = False


class DiffQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /config/diff``."""

    generation: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=10**12,
                description="a generation to compare with; config.yaml without it",
                examples=[1],
            ),
        ]
        | None
    ) = None


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /config/history``."""

    limit: Annotated[
        int, Meta(ge=1, le=HISTORY_LIMIT, description=f"a number from 1 to {HISTORY_LIMIT}", examples=[20])
    ] = 20
    before: Annotated[int, Meta(ge=0, description="a number from next", examples=[40])] | None = None


IfMatch = Annotated[
    str,
    Meta(
        pattern=r'^(W/)?"?[0-9]{1,12}"?$',
        description="the ETag of GET /config: the generation that the change was made against",
        examples=['"1"'],
    ),
]


class ChangeHeaders(WriteHeaders, frozen=True, kw_only=True):
    """Headers of a change of settings."""

    If_Match: IfMatch | None = None


def expected_generation() -> int | None:
    """Return the generation in If-Match, None without one.

    Raises:
        NonRetriableError: API_001 where it is no ETag of ``GET /config``.
    """
    text = request.headers.get("If-Match")
    if text is None:
        return None
    match = GENERATION.fullmatch(text.strip())
    if match is None:
        fault = Fault(
            field="If-Match", expected="the ETag of GET /api/v1/config", found=repr(text[:80]), example='"1"'
        )
        raise refused(fault)
    return int(match[1])
