"""Rules as Prometheus reads them: one file a component, records first, so that its alerts see them at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from alerts.document import Promql, dump
from alerts.recording import EXPRESSIONS, LEVELS, SEEN
from alerts.recording.held import HELD
from alerts.rule import Component, Links, rule_of
from alerts.rules import ALERTS
from trading_bot.contract.telemetry.recordings import Recording

HEAD: Final = "# Generated from alerts/ by `make alerts`; change it there.\n"
ASKED_EVERY: Final = 5
LEVELS_EVERY: Final = 30
"""Seconds. Service levels look at days: a sample each half minute is enough, and keeps them cheap."""
SHORTEST: Final = 10
"""Seconds: a scaled window must hold some scrapes, and more than one that a busy machine answered too late."""
LEAST: Final = {
    **{("for", alert.name): alert.lasting.least for alert in ALERTS},
    **{("keep_firing_for", alert.name): alert.keeps.least for alert in ALERTS},
}
UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

_DURATION: Final = r"(\d+)([smhd])"
_WINDOW: Final = re.compile(rf"(?<=\[){_DURATION}(?=\])|(?<=offset ){_DURATION}")


def files(links: Links | None = None, scale: float = 1) -> dict[str, str]:
    """Return name and text of every rule file.

    Args:
        links: where pages lead.
        scale: windows, ``for`` and ``keep_firing_for`` are divided by it; ages in expressions stay, since
            the bot's own intervals do.
    """
    where = links or Links()
    groups = {
        "seen": _group("seen", _records(SEEN)),
        "recordings": _asked(scale),
        **{f"level-{level}": _of_level(level, scale) for level in LEVELS},
        **{component.value: _of_component(component, where) for component in Component},
    }
    return {f"{name}.yml": _document(group, scale) for name, group in groups.items()}


def _of_level(level: str, scale: float) -> dict[str, Any]:
    records = [{**record, "labels": {"slo": level}} for record in _records(LEVELS[level])]
    return _group(f"level-{level}", records, max(1, round(LEVELS_EVERY / scale)))


def _asked(scale: float) -> dict[str, Any]:
    return _group("recordings", _records(EXPRESSIONS), max(1, round(ASKED_EVERY / scale)))


def _of_component(component: Component, links: Links) -> dict[str, Any]:
    records = _records(HELD.get(component.value, {}))
    alerts = [rule_of(alert, links) for alert in ALERTS if alert.component is component]
    return _group(component.value, [*records, *alerts])


def _records(expressions: dict[Recording, str]) -> list[dict[str, object]]:
    return [{"record": record.name, "expr": expression} for record, expression in expressions.items()]


def _group(name: str, rules: Iterable[dict[str, object]], every: int | None = None) -> dict[str, Any]:
    interval = {} if every is None else {"interval": f"{every}s"}
    return {"name": f"tickertape-{name}", **interval, "rules": list(rules)}


def _document(group: dict[str, Any], scale: float) -> str:
    rules = [_scaled(rule, scale) for rule in group["rules"]]
    return HEAD + dump({"groups": [{**group, "rules": rules}]})


def _scaled(rule: dict[str, Any], scale: float) -> dict[str, Any]:
    shorter = partial(_shorter, scale=scale)
    expression = rule["expr"] if scale == 1 else scaled_expression(rule["expr"], scale)
    scaled = {**rule, "expr": Promql(expression)}
    for key in ("for", "keep_firing_for"):
        if key in rule and scale != 1:
            scaled[key] = shorter(rule[key], shortest=LEAST[key, rule["alert"]])
    return scaled


def scaled_expression(expression: str, scale: float) -> str:
    """Return the expression with its windows and offsets divided by ``scale``."""
    shorten: Callable[[re.Match[str]], str] = lambda found: _shorter(found[0], scale, SHORTEST)  # noqa: E731
    return _WINDOW.sub(shorten, expression)


def _shorter(duration: str, scale: float, shortest: int) -> str:
    seconds = seconds_of(duration) / scale
    return f"{min(seconds_of(duration), max(shortest, round(seconds)))}s"


def seconds_of(duration: str) -> int:
    """Return the seconds of ``5m`` or the like."""
    found = re.fullmatch(_DURATION, duration)
    assert found, duration
    return int(found[1]) * UNITS[found[2]]
