"""Values put into the params of a step: ``${parameters.name}``, ``${steps.id.outputs.name}``, ``${execution.id}``.

A text that is one template keeps the type of its value; inside a text the value becomes text. ``$${`` is
a plain ``${``. Nothing is evaluated, and what was put in is not looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from trading_bot.contract.errors import NonRetriableError

TEMPLATE: Final = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
SOURCE: Final = re.compile(
    r"parameters\.([a-z][a-z0-9_]{0,39})"
    r"|steps\.([a-z][a-z0-9_]{0,39})\.outputs\.([a-z][a-z0-9_]{0,39})"
    r"|execution\.(id|workflow)"
)
EXAMPLE: Final = "${parameters.symbol}"
DEEPEST: Final = 20


def sources(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield what is inside of every template in a value, as it is written."""
    if depth > DEEPEST:
        return
    if isinstance(value, str):
        yield from (match[1] for match in TEMPLATE.finditer(value) if match[1] is not None)
        return
    entries = value.values() if isinstance(value, Mapping) else value
    if isinstance(value, Mapping | list | tuple):
        for item in entries:
            yield from sources(item, depth + 1)


def has_template(value: Any) -> bool:
    """Whether anything would be put into a value."""
    return next(sources(value), None) is not None


def resolve(value: Any, look_up: Callable[[str], Any]) -> Any:
    """Return the value with every template replaced by what ``look_up`` says of its source."""
    if isinstance(value, str):
        return _text(value, look_up)
    if isinstance(value, Mapping):
        return {name: resolve(item, look_up) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(item, look_up) for item in value]
    return value


def _text(text: str, look_up: Callable[[str], Any]) -> Any:
    whole = TEMPLATE.fullmatch(text)
    if whole is not None and whole[1] is not None:
        return look_up(whole[1])
    return TEMPLATE.sub(lambda match: "${" if match[1] is None else _written(look_up(match[1])), text)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def finder(facts: Mapping[str, Any]) -> Callable[[str], Any]:
    """Return what looks a source up in ``parameters``, ``steps`` (outputs by step) and ``execution``.

    Raises:
        NonRetriableError: WF_017, by the function, for a source that has no value.
    """

    def look_up(source: str) -> Any:
        value: Any = facts
        for name in source.split("."):
            if not isinstance(value, Mapping) or name not in value:
                raise NonRetriableError("WF_017", f"there is no value for ${{{source}}}", source=source)
            value = value[name]
        return value

    return look_up
