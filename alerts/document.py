"""YAML as a person would lay it out: expressions and sentences as blocks, lists set in."""

from __future__ import annotations

from typing import Any, Final

import promql_parser
import yaml

WIDTH: Final = 78
SHORT: Final = 80


class Promql(str):
    """An expression, laid out over lines."""

    __slots__ = ()


class _Layout(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else ">" if len(value) > SHORT else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _expression(dumper: yaml.SafeDumper, value: Promql) -> yaml.ScalarNode:
    laid_out = promql_parser.parse(str(value)).prettify()
    style = "|" if "\n" in laid_out else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", laid_out, style=style)


_Layout.add_representer(str, _text)
_Layout.add_representer(Promql, _expression)


def dump(document: Any) -> str:
    """Return the document as YAML that yamllint has nothing against."""
    return yaml.dump(document, Dumper=_Layout, sort_keys=False, width=WIDTH, allow_unicode=True)
