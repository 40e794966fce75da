"""What a handler needs of who asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import g, request

from exporter.ops.access.keys import Principal
from trading_bot.boot.roles import Role
from trading_bot.contract.errors import NonRetriableError

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def require(role: Role) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer]]:
    """Let a handler run only for keys and people with ``role`` or a higher one.

    Stands below the route: ``@blueprint.post(...)``, then ``@require(Role.OPERATE)``.

    Raises:
        NonRetriableError: AUTH_002, when the handler is called without.
    """

    def decorate(handler: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        @wraps(handler)
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
            held = principal()
            if held.role < role:
                message = (
                    f"{request.method} {request.path[:200]} needs the role {role.word};"
                    f" {held.name} has {held.role.word}"
                )
                raise NonRetriableError("AUTH_002", message, required=role.word, held=held.role.word)
            return handler(*args, **kwargs)

        guarded.__dict__["required_role"] = role
        return guarded

    return decorate


def principal() -> Principal:
    """Return who makes this request; not for public endpoints, which have nobody."""
    return cast("Principal", g.key)
