"""Summary, conditions and incident as short text, for those who read instead of parsing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import msgspec

MARKDOWN: Final = "text/markdown"


def is_wanted(environ: Mapping[str, Any]) -> bool:
    """Whether a WSGI request accepts Markdown."""
    return MARKDOWN in environ.get("HTTP_ACCEPT", "")


def conditions_as_markdown(body: Any) -> str:
    """Return the conditions as a list."""
    lines = [f"# Bot {body.health_status}: {body.health_reason}", ""]
    for one in body.conditions:
        since = f", since {one.last_transition_time}" if one.last_transition_time else ""
        lines.append(f"- **{one.name} {one.status}** ({one.reason}{since}): {one.message}")
    return _text([*lines, *_warnings(body), *_rest(body)])


def summary_as_markdown(body: Any) -> str:
    """Return the summary as a few lines."""
    lines = [
        f"# Bot {body.health_status}: {body.health_reason}",
        "",
        f"- mode: {_shown(body, 'mode')}",
        f"- positions: {_shown(body, 'position_count')}, open orders: {_shown(body, 'open_order_count')}",
        f"- profit and loss today: {_shown(body, 'daily_pnl')}",
        f"- last trade: {_shown(body, 'last_trade_time')}",
    ]
    if body.circuit_breaker_reason:
        lines.append(f"- circuit breaker open: {body.circuit_breaker_reason}")
    if body.active_alerts is None:
        lines.append(f"- active alerts: {_shown(body, 'active_alerts')}")
    lines += [f"- alert {one.name} ({one.severity}): {one.summary}" for one in body.active_alerts or ()]
    lines += [_error(one) for one in body.recent_errors]
    return _text([*lines, *_warnings(body), *_links(body.next)])


def incident_as_markdown(body: Any) -> str:
    """Return what changed as a list, oldest first."""
    lines = [f"# What changed between {body.start} and {body.end}", ""]
    lines += [f"- {one.at} **{one.kind}** {one.what}" for one in body.changes]
    lines += [f"- {one.count}x {one.error_code} ({one.severity}): {one.message}" for one in body.errors]
    lines += [f"- {one.symbol} moved {one.change_pct} %" for one in body.movers]
    lines += [f"- alert {one.name} ({one.severity}): {one.summary}" for one in body.active_alerts or ()]
    if not (body.changes or body.errors):
        lines.append("- nothing was recorded that changed")
    lines += [f"- left out: {count} of {name}" for name, count in body.left_out.items()]
    return _text([*lines, *_links(body.next)])


def _shown(body: msgspec.Struct, field: str) -> str:
    value = getattr(body, field)
    return str(value) if value is not None else f"unknown ({body.unknown.get(field, 'no reason given')})"  # type: ignore[attr-defined]


def _error(error: Any) -> str:
    then = f" → {error.action}" if error.action else ""
    return f"- {error.timestamp} {error.error_code} ({error.severity}): {error.message}{then} ({error.more})"


def _warnings(body: Any) -> Iterator[str]:
    yield from (f"- warning: {text}" for text in body.warnings)


def _rest(body: Any) -> Iterator[str]:
    if body.next:
        yield f"- more: {body.next}"


def _links(links: Sequence[Any]) -> Iterator[str]:
    yield from (f"- next: {link.href} ({link.why})" for link in links)


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
