"""The language of conditions: comparisons over one document, nothing else. No code is evaluated.

::

    condition  = all { "or" all }            all      = one { "and" one }
    one        = "not" one | operand [ comparison operand ]
    comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in"
    operand    = number | 'text' | true | false | null | [list] | count(path) | known(path) | (condition) | path
    path       = name { .name | .* | [operand] }

``.*`` stands for each entry. Whether a condition holds is said by :mod:`verdicts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec

LONGEST: Final = 500
DEEPEST: Final = 20
EXAMPLE: Final = "mode.mode == 'running' and orders.unknown == 0"

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<number>-?\d+(?:\.\d+)?)
      | '(?P<single>[^']*)'
      | "(?P<double>[^"]*)"
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign>==|!=|<=|>=|<|>|\(|\)|\[|\]|,|\.\*|\.)
    )""",
    re.VERBOSE,
)
_CONSTANTS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=", "in")
EACH: Final = "*"


class NotACondition(ValueError):  # noqa: N818 - says what it is
    """The text is no condition; the message says where and why."""


class Constant(msgspec.Struct, frozen=True):
    """A value written down."""

    value: Any


class Path(msgspec.Struct, frozen=True):
    """Where a value stands: names, :data:`EACH`, or an operand whose value is the name."""

    parts: tuple[Any, ...]
    text: str


class Count(msgspec.Struct, frozen=True):
    """How many entries stand under a path."""

    path: Path


class Known(msgspec.Struct, frozen=True):
    """Whether there is a value under a path, and it is not null."""

    path: Path


class Comparison(msgspec.Struct, frozen=True):
    """Two operands compared."""

    sign: str
    left: Any
    right: Any


class Joined(msgspec.Struct, frozen=True):
    """Conditions joined by ``and`` or ``or``."""

    word: str
    parts: tuple[Any, ...]


class Negated(msgspec.Struct, frozen=True):
    """A condition that must not hold."""

    inner: Any


class Listed(msgspec.Struct, frozen=True):
    """Several operands."""

    items: tuple[Any, ...]


FUNCTIONS: Final[dict[str, Callable[[Path], Any]]] = {"count": Count, "known": Known}


def parse(text: str) -> Any:
    """Return the condition that ``text`` says.

    Raises:
        NotACondition: it says none.
    """
    if len(text) > LONGEST:
        raise NotACondition(f"longer than {LONGEST} characters")
    return _Parser(text).whole()


def paths(node: Any) -> Iterator[Path]:
    """Yield every path in a condition, also those inside of paths."""
    if isinstance(node, Path):
        yield node
        for part in node.parts:
            yield from paths(part)
        return
    if isinstance(node, tuple):
        for item in node:
            yield from paths(item)
    elif isinstance(node, msgspec.Struct):
        for name in node.__struct_fields__:
            yield from paths(getattr(node, name))


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> Any:
        node = self._any()
        if self._kind() is not None:
            raise NotACondition(f"unexpected {self._value()!r} after a complete condition")
        return node

    def _any(self) -> Any:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotACondition(f"nested more than {DEEPEST} deep")
        node = self._joined("or", lambda: self._joined("and", self._one))
        self._depth -= 1
        return node

    def _joined(self, word: str, part: Callable[[], Any]) -> Any:
        parts = [part()]
        while self._take("word", word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _one(self) -> Any:
        negations = 0
        while self._take("word", "not"):
            negations += 1
        node = self._comparison()
        return Negated(node) if negations % 2 else node

    def _comparison(self) -> Any:
        left = self._operand()
        sign = self._value()
        if self._kind() in {"sign", "word"} and sign in COMPARISONS:
            self._at += 1
            return Comparison(str(sign), left, self._operand())
        return left

    def _operand(self) -> Any:
        kind, value = self._kind(), self._value()
        if kind in {"number", "text"}:
            self._at += 1
            return Constant(value)
        if self._take("sign", "("):
            inner = self._any()
            self._expect(")")
            return inner
        if self._take("sign", "["):
            return self._listed()
        if kind == "word":
            return self._word(str(value))
        raise NotACondition(f"expected a value or a path, found {self._shown()}")

    def _listed(self) -> Listed:
        items: list[Any] = []
        while not self._take("sign", "]"):
            if items:
                self._expect(",")
            items.append(self._operand_inside())
        return Listed(tuple(items))

    def _operand_inside(self) -> Any:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotACondition(f"nested more than {DEEPEST} deep")
        node = self._operand()
        self._depth -= 1
        return node

    def _word(self, word: str) -> Any:
        self._at += 1
        if word in _CONSTANTS:
            return Constant(_CONSTANTS[word])
        if word in FUNCTIONS and self._take("sign", "("):
            if self._kind() != "word":
                raise NotACondition(f"{word}() takes a path, found {self._shown()}")
            name = str(self._value())
            self._at += 1
            path = self._path(name)
            self._expect(")")
            return FUNCTIONS[word](path)
        if word in {"and", "or", "not", "in"}:
            raise NotACondition(f"expected a value or a path, found {word!r}")
        return self._path(word)

    def _path(self, first: str) -> Path:
        parts: list[Any] = [first]
        text = first
        while True:
            if self._take("sign", ".*"):
                parts.append(EACH)
                text += ".*"
            elif self._take("sign", "."):
                name = self._value()
                if self._kind() not in {"word", "number"}:
                    raise NotACondition(f"expected a name after {text}., found {self._shown()}")
                self._at += 1
                parts.append(str(name))
                text += f".{name}"
            elif self._take("sign", "["):
                part = self._operand_inside()
                self._expect("]")
                parts.append(part.value if isinstance(part, Constant) else part)
                text += f"[{part.value!r}]" if isinstance(part, Constant) else f"[{_text_of(part)}]"
            else:
                return Path(tuple(parts), text)

    def _kind(self) -> str | None:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else None

    def _value(self) -> Any:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    def _take(self, kind: str, value: str) -> bool:
        if self._kind() == kind and self._value() == value:
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take("sign", sign):
            raise NotACondition(f"expected {sign!r}, found {self._shown()}")

    def _shown(self) -> str:
        return "the end" if self._kind() is None else repr(str(self._value()))


def _text_of(node: Any) -> str:
    return node.text if isinstance(node, Path) else "…"


def _tokens(text: str) -> Iterator[tuple[str, Any]]:
    at, end = 0, len(text.rstrip())
    if not end:
        raise NotACondition("it is empty")
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotACondition(f"cannot read {text[at : at + 20].strip()!r}")
        at = match.end()
        kind = str(match.lastgroup)
        value = match[kind]
        if kind == "number":
            yield kind, Decimal(value)
        elif kind in {"single", "double"}:
            yield "text", value
        else:
            yield kind, value
