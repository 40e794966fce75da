"""A command handed to the control tape by a request: answered 202 once it would survive a power loss."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Annotated, Final, cast

import msgspec
from flask import Response, request
from msgspec import Meta

from exporter.ops.access import principal
from exporter.ops.bodies import refused
from exporter.ops.bridge import later, result
from exporter.ops.commands import Commands, unwritable
from exporter.ops.dependencies import dependencies
from exporter.ops.edge import trace_id_of
from exporter.ops.parameters import Fault
from trading_bot.contract.commands import Command
from trading_bot.contract.errors import RetriableError, TickertapeError
from trading_bot.contract.events.lifecycle import CommandIssued
from trading_bot.domain.clock import SECOND

ISSUED: Final = "tickertape.issued"
KEY: Final = "Idempotency-Key"
KEYS: Final = re.compile(r"[!-~]{1,200}")
LONGEST_KEY: Final = 200
LONGEST_REASON: Final = 500
NO_REASON: Final = "no reason was given"
WAIT_SECONDS: Final = 5.0

Issue = Callable[[Command, str, int | None, float], CommandIssued]


class WriteHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """Headers of every write."""

    Idempotency_Key: (
        Annotated[
            str,
            Meta(
                pattern=r"^[!-~]{1,200}$",
                description="a name for this request, yours to choose: the same request again gets the same answer",
                examples=["deploy-42"],
            ),
        ]
        | None
    ) = None


def commands() -> Commands:
    """Return the commands of this application."""
    needs = dependencies().commands
    if needs is None:
        raise RetriableError("API_031", "this process has no control tape")
    return needs


def handed_over() -> CommandIssued | None:
    """Return the command of this request if it is on the tape already: now, or by an earlier request.

    Raises:
        TickertapeError: API_030 for another request under its Idempotency-Key, API_031 when the tape
            could not be written.
    """
    issued = cast("CommandIssued | None", request.environ.get(ISSUED))
    finished = result()
    if issued is not None and finished is not None:
        try:
            finished.result(WAIT_SECONDS)
        except (TickertapeError, CancelledError, TimeoutError) as error:
            raise unwritable(error) from error
        return issued
    return commands().repeated(principal().name, idempotency_key(), request_hash())


def hand_over(
    command: Command, *, reason: str, expected_generation: int | None = None, seconds: float = 60.0
) -> CommandIssued | Response:
    """Issue a command; return it once it is durable, or what the handler returns until then."""
    desk = commands()
    issued = request.environ[ISSUED] = desk.issue(
        command,
        actor=principal().name,
        reason=reason,
        expected_generation=expected_generation,
        idempotency_key=idempotency_key(),
        request_hash=request_hash(),
        expires_in_ns=round(seconds * SECOND),
        trace_id=trace_id_of(request.environ),
    )
    waiting = later(desk.durable())
    if isinstance(waiting, Response):
        return waiting
    try:
        waiting.result(WAIT_SECONDS)
    except (TickertapeError, CancelledError, TimeoutError) as error:
        raise unwritable(error) from error
    return issued


def request_hash() -> str:
    """Return what tells this request from another one: method, path, query, generation and body."""
    parts = (
        request.method,
        request.path,
        request.query_string.decode("latin-1"),
        request.headers.get("If-Match", ""),
    )
    digest = hashlib.sha256("\n".join(parts).encode())
    digest.update(request.get_data())
    return digest.hexdigest()


def is_dry_run(in_body: bool) -> bool:  # noqa: FBT001 - the one thing it is about
    """Tell whether the request only asks what would happen, by body or query.

    Raises:
        NonRetriableError: API_001.
    """
    text = request.args.get("dry_run")
    if text is None:
        return in_body
    if text.lower() not in {"true", "false"}:
        fault = Fault(field="dry_run", expected="true or false", found=repr(text[:80]), example="true")
        raise refused(fault)
    return in_body or text.lower() == "true"


def idempotency_key() -> str | None:
    """Return the request's Idempotency-Key, None where it has none.

    Raises:
        NonRetriableError: API_001.
    """
    key = request.headers.get(KEY)
    if key is not None and KEYS.fullmatch(key) is None:
        expected = f"1 to {LONGEST_KEY} visible characters of ASCII"
        raise refused(Fault(field=KEY, expected=expected, found=repr(key[:80]), example="deploy-42"))
    return key
