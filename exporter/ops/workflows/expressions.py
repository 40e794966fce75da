"""The language of conditions: comparisons over one document, nothing else. No code is evaluated.

::

    condition  = all { "or" all }            all      = one { "and" one }
    one        = "not" one | operand [ comparison operand ]
    comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in"
    operand    = number | 'text' | true | false | null | [list] | count(path) | known(path) | (condition) | path
    path       = name { .name | .* | [operand] }

``.*`` stands for each entry: such a comparison holds when it holds for every one. What is null is not
known, and a comparison of order with it neither holds nor does not.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
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
_ORDERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
COMPARISONS: Final = ("==", "!=", *_ORDERS, "in")
EACH: Final = "*"


class NotACondition(ValueError):  # noqa: N818 - says what it is
    """The text is no condition; the message says where and why."""


class Missing(msgspec.Struct, frozen=True):
    """What stands where a path leads to nothing."""


MISSING: Final = Missing()


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


class Verdict(msgspec.Struct, frozen=True):
    """Whether a condition holds, None where that is not known; and the values that were looked at."""

    holds: bool | None
    found: dict[str, Any]
    message: str | None = None


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


def evaluate(node: Any, document: Any) -> Verdict:
    """Return whether a parsed condition holds in ``document``, made of mappings, lists, structs and values."""
    found: dict[str, Any] = {}
    holds = _holds(node, document, found)
    absent = sorted(name for name, value in found.items() if value is MISSING)
    unknown = sorted(name for name, value in found.items() if value is None)
    message = None
    if absent:
        message = f"there is no {', '.join(absent)}"
    elif unknown and holds is None:
        message = f"not known: {', '.join(unknown)}"
    return Verdict(
        holds, {name: None if value is MISSING else value for name, value in found.items()}, message
    )


def _holds(node: Any, document: Any, found: dict[str, Any]) -> bool | None:
    if isinstance(node, Joined):
        verdicts = [_holds(part, document, found) for part in node.parts]
        decisive = node.word == "or"
        if decisive in verdicts:
            return decisive
        return None if None in verdicts else not decisive
    if isinstance(node, Negated):
        inner = _holds(node.inner, document, found)
        return None if inner is None else not inner
    if isinstance(node, Comparison):
        return _compared(node, document, found)
    value = value_of(node, document, found)
    return value if isinstance(value, bool) else None


def _compared(node: Comparison, document: Any, found: dict[str, Any]) -> bool | None:
    right = value_of(node.right, document, found)
    if isinstance(node.left, Path) and EACH in node.left.parts:
        entries = value_of(node.left, document, found)
        verdicts = [_pair(node.sign, entry, right) for entry in entries or ()]
        if False in verdicts:
            return False
        return None if None in verdicts or entries is MISSING else True
    return _pair(node.sign, value_of(node.left, document, found), right)


def _pair(sign: str, left: Any, right: Any) -> bool | None:
    if left is MISSING or right is MISSING:
        return None
    return _PAIRS[sign](left, right) if sign in _PAIRS else _in_order(sign, left, right)


def _inside(left: Any, right: Any) -> bool | None:
    if not isinstance(right, Mapping | list | tuple):
        return None
    return any(same(left, item) for item in right)


def _in_order(sign: str, left: Any, right: Any) -> bool | None:
    one, other = _ordered(left), _ordered(right)
    if one is None or other is None or isinstance(one, str) is not isinstance(other, str):
        return None
    return bool(_ORDERS[sign](one, other))


def same(left: Any, right: Any) -> bool:
    """Return whether two values are the same; numbers and decimal strings by their value."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return left is right
    one, other = _number(left), _number(right)
    return one == other if one is not None and other is not None else bool(left == right)


_PAIRS: Final[dict[str, Callable[[Any, Any], bool | None]]] = {
    "==": same,
    "!=": lambda left, right: not same(left, right),
    "in": _inside,
}


def _ordered(value: Any) -> Decimal | str | None:
    number = _number(value)
    if number is not None:
        return number
    return value if isinstance(value, str) else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def value_of(node: Any, document: Any, found: dict[str, Any]) -> Any:
    """Return the value of an operand, and note in ``found`` what stood where."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Listed):
        return [value_of(item, document, found) for item in node.items]
    if isinstance(node, Count):
        value = _look_up(node.path, document, found)
        size = len(value) if isinstance(value, Mapping | list | tuple) else MISSING
        found[f"count({node.path.text})"] = size
        return size
    if isinstance(node, Known):
        value = _look_up(node.path, document, found)
        known = found[f"known({node.path.text})"] = value is not MISSING and value is not None
        return known
    if isinstance(node, Path):
        value = found[node.text] = _look_up(node, document, found)
        return value
    return _holds(node, document, found)


def _look_up(path: Path, document: Any, found: dict[str, Any]) -> Any:
    names = [part if isinstance(part, str) else _name(part, document, found) for part in path.parts]
    return _walk(document, names)


def _name(part: Any, document: Any, found: dict[str, Any]) -> str:
    value = part if isinstance(part, Decimal) else value_of(part, document, found)
    return str(value)


def _walk(value: Any, names: list[str]) -> Any:
    for index, name in enumerate(names):
        if value is None:
            return None
        if name == EACH:
            entries = value.values() if isinstance(value, Mapping) else value
            if not isinstance(entries, list | tuple) and not isinstance(value, Mapping):
                return MISSING
            return [_walk(entry, names[index + 1 :]) for entry in entries]
        value = _member(value, name)
        if value is MISSING:
            return MISSING
    return value


def _member(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, MISSING)
    if isinstance(value, msgspec.Struct):
        return getattr(value, name) if name in value.__struct_fields__ else MISSING
    if isinstance(value, list | tuple) and name.isdecimal() and int(name) < len(value):
        return value[int(name)]
    return MISSING
