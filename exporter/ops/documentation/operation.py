"""The decorator that documents a handler. It wraps nothing, so that a request costs what it did before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

Handler = TypeVar("Handler", bound=Callable[..., Any])

ATTRIBUTE: Final = "__operation__"
JSON: Final = "application/json"


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """One success: its status, its body (None: none, or no JSON), and the media types it comes in.

    ``type`` is a msgspec struct, or any type that msgspec has a JSON Schema of.
    """

    status: int = 200
    type: Any = None
    media: tuple[str, ...] = (JSON,)
    meaning: str = "As asked."


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler says about itself; see :func:`documented`."""

    summary: str
    scenario: str
    answers: tuple[Answers, ...]
    query: type[msgspec.Struct] | None
    path: type[msgspec.Struct] | None
    headers: type[msgspec.Struct] | None
    body: Any
    errors: tuple[str, ...]
    example: Any
    body_example: Any


def documented(  # noqa: PLR0913 - all by name; each is a fact about the operation
    summary: str,
    *,
    scenario: str,
    answers: type[Any] | Answers | tuple[Answers, ...] | None = None,
    query: type[msgspec.Struct] | None = None,
    path: type[msgspec.Struct] | None = None,
    headers: type[msgspec.Struct] | None = None,
    body: Any = None,
    errors: tuple[str, ...] = (),
    example: Any = None,
    body_example: Any = None,
) -> Callable[[Handler], Handler]:
    """Document a handler; stands between ``@blueprint.get(...)`` and the function.

    Args:
        summary: a few words, imperative: ``Show the last errors``.
        scenario: when somebody would call it, in one or two sentences.
        answers: the struct of a 200, or :class:`Answers` for other statuses and media types.
        query: struct of the query; each field ``Annotated`` with a Meta that has description and examples.
        path: struct of the path's variables, described the same way.
        headers: struct of request headers that matter; underscores stand for hyphens.
        body: struct of the request's JSON.
        errors: codes that this operation answers with, besides those that follow from the rest: AUTH_001
            and API_006 where a key is needed, AUTH_002 where a role is, API_001 where there is input,
            API_005 always.
        example: a success as builtins or struct; None makes one from the type.
        body_example: the same for the request's JSON.
    """
    given = answers if isinstance(answers, tuple) else (answers,)
    made = tuple(one if isinstance(one, Answers) else Answers(type=one) for one in given)
    operation = Operation(
        summary=summary,
        scenario=scenario,
        answers=made,
        query=query,
        path=path,
        headers=headers,
        body=body,
        errors=errors,
        example=example,
        body_example=body_example,
    )

    def mark(handler: Handler) -> Handler:
        setattr(handler, ATTRIBUTE, operation)
        return handler

    return mark


def operations_of(view_functions: Mapping[str, Callable[..., Any]]) -> dict[str, Operation]:
    """Return endpoint to operation of the handlers that are documented."""
    return {
        endpoint: getattr(handler, ATTRIBUTE)
        for endpoint, handler in view_functions.items()
        if hasattr(handler, ATTRIBUTE)
    }
