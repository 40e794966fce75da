"""promtool's tests out of the cases: the boring structure, and the two ways in which numbers end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote_plus

from alerts.build import HEAD
from alerts.cases import ANSWERS, CASES, MOMENT, SILENCES, WORLD
from alerts.cases.case import Case, Clock, Course, Level, Page, Ramp, Silence, Standing, always
from alerts.document import dump
from alerts.recording import LEVELS
from alerts.recording.held import HELD
from alerts.rule import Alert, Component, Links, rule_of
from alerts.rules import ALERTS
from trading_bot.contract.telemetry.definition import Kept
from trading_bot.contract.telemetry.metrics import METRICS

LINGERS: Final = 40
"""Evaluations after the series end at which a held alert must still fire."""
APART: Final = 15
"""Seconds between samples of the world that the records are asked about."""
LEVEL_OF: Final = {"bot": "decisions", "orders": "order_acks", "feed": "feed", "api": "api"}
"""The service level of a component's alert."""
NAME: Final = re.compile(r"^[^{]+")

LIFE: Final[dict[str, Course]] = {
    'tradingbot_up{bot="demo"}': always(1),
    'tradingbot_up_reason{bot="demo", reason="Alive"}': always(1),
    'tradingbot_exporter_start_timestamp_seconds{bot="demo", instance="exporter:9464"}': always(0),
}
"""A bot that lives and is scraped, where a case says nothing else."""
DEATH: Final[dict[str, Course]] = {
    'tradingbot_up{bot="demo"}': always(0),
    'tradingbot_up_reason{bot="demo", reason="Dead"}': always(1),
}


def tests() -> dict[str, str]:
    """Return name and text of every test file; a file has one distance of evaluations."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for case in CASES:
        groups.setdefault(_file_of(case), []).extend(_of_case(case))
    for silence in SILENCES:
        groups.setdefault(_file_of(silence), []).append(_of_silence(silence))
    texts = {f"{name}.yml": _file(name, each) for name, each in groups.items()}
    texts["recordings.yml"] = HEAD + dump(_recordings())
    return texts


def _rules(name: str) -> list[Alert]:
    return [alert for alert in ALERTS if alert.name == name]


def _file_of(case: Case | Silence) -> str:
    rules = _rules(case.alert)
    burns = "_burn" if "slo" in rules[0].labels else ""
    return f"{rules[0].component.value}{burns}_{case.every}s"


def _file(name: str, groups: list[dict[str, Any]]) -> str:
    component, *rest = name.split("_")
    levels = [f"level-{LEVEL_OF[component]}"] if "burn" in rest else []
    needed = ["seen", *levels, *_recorded_elsewhere(component), component]
    document = {
        "rule_files": [f"../generated/{each}.yml" for each in needed],
        "group_eval_order": [f"tickertape-{each}" for each in needed],
        "evaluation_interval": rest[-1],
        "tests": groups,
    }
    return HEAD + dump(document)


def _recorded_elsewhere(component: str) -> list[str]:
    """Return the other components whose records the alerts of one read."""
    expressions = " ".join(alert.expression for alert in ALERTS if alert.component == component)
    return [
        other
        for other, records in HELD.items()
        if other != component and any(record.name in expressions for record in records)
    ]


def _of_case(case: Case) -> Iterator[dict[str, Any]]:
    lived = {**LIFE, **case.series}
    pages = [_expected(case, page) for page in case.pages]
    checks = [] if case.quiet is None else [_check(case.alert, case.quiet, [])]
    checks += [_check(case.alert, case.fires, pages)]
    checks += [] if case.resolved is None else [_check(case.alert, case.resolved, [])]
    until = max(case.fires, case.resolved or 0)
    yield {
        "name": f"{case.alert} fires"
        if case.resolved is None
        else f"{case.alert} is quiet, fires and resolves",
        "interval": f"{case.every}s",
        "input_series": _series(lived, case.every, until),
        "alert_rule_test": checks,
    }
    if _rules(case.alert)[0].is_held:
        yield from _of_endings(case, lived)


def _of_endings(case: Case, lived: Mapping[str, Course]) -> Iterator[dict[str, Any]]:
    """Yield the same case, with its numbers ending while it fires: it must go on firing."""
    until = case.fires + LINGERS * case.every
    state = {name for name in lived if _is_state(name)}
    firing = f'count(ALERTS{{alertname="{case.alert}", alertstate="firing", bot="demo"}})'
    for why, gone, more in (
        ("after the bot has died", state, DEATH),
        ("after the scrapes have failed", set(lived), {}),
    ):
        still = {name: Standing(course, case.fires) for name, course in lived.items()}
        series = _series(still, case.every, until, gone, case.fires)
        started = _series(more, case.every, until, after=case.fires)
        replaced = {each["series"] for each in started}
        yield {
            "name": f"{case.alert} still fires {why}",
            "interval": f"{case.every}s",
            "input_series": [each for each in series if each["series"] not in replaced] + started,
            "promql_expr_test": [
                {
                    "expr": firing,
                    "eval_time": f"{at}s",
                    "exp_samples": [{"labels": "{}", "value": len(case.pages)}],
                }
                for at in (case.fires, until)
            ],
        }


def _of_silence(case: Silence) -> dict[str, Any]:
    return {
        "name": f"{case.alert} stays quiet: {case.why}",
        "interval": f"{case.every}s",
        "input_series": _series({**LIFE, **case.series}, case.every, case.until),
        "alert_rule_test": [_check(case.alert, at, []) for at in (case.until // 2, case.until)],
    }


def _is_state(name: str) -> bool:
    found = NAME.match(name)
    metric = METRICS.get(found[0] if found else "")
    return 'reason="Alive"' in name or (metric is not None and metric.kept is Kept.WHILE_ALIVE)


def _check(alert: str, at: int, pages: list[dict[str, Any]]) -> dict[str, Any]:
    return {"eval_time": f"{at}s", "alertname": alert, "exp_alerts": pages}


def _expected(case: Case, page: Page) -> dict[str, Any]:
    rules = _rules(case.alert)
    rule = next(each for each in rules if page.severity in (None, each.severity.value))
    made = rule_of(rule, Links())
    about = page.labels if case.bot is None else {"bot": case.bot, **page.labels}
    annotations = {name: _filled(text, about) for name, text in dict(made["annotations"]).items()}  # type: ignore[call-overload]
    return {
        "exp_labels": {**about, **dict(made["labels"])},  # type: ignore[call-overload]
        "exp_annotations": {**annotations, "description": page.description},
    }


def _filled(text: str, about: Mapping[str, str]) -> str:
    """Return the text with the labels of the alert, as links and sentences other than the description have them."""
    for name, value in about.items():
        text = text.replace(f"{{{{ urlquery $labels.{name} }}}}", quote_plus(value))
        text = text.replace(f"{{{{ $labels.{name} }}}}", value)
    return text


def _series(
    courses: Mapping[str, Course],
    every: int,
    until: int,
    gone: Iterable[str] = (),
    at: int = 0,
    *,
    after: int = 0,
) -> list[dict[str, str]]:
    """Return the series as promtool wants them; those in ``gone`` end at ``at``, all begin at ``after``."""
    count = until // every + 1
    ended = set(gone)
    made = []
    for name, course in courses.items():
        values = samples(course, every, count)
        for index in range(count):
            moment = index * every
            if moment < after or (name in ended and moment > at):
                values[index] = None
        made.append({"series": name, "values": notation(values)})
    return made


def samples(course: Course, every: int, count: int) -> list[float | None]:
    """Return a course's values at 0, every, 2 * every and so on."""
    return [_value(course, index * every) for index in range(count)]


def _value(course: Course, at: int) -> float | None:
    match course:
        case Level(phases):
            return _level(phases, at)
        case Ramp(phases, start):
            return _ramp(phases, start, at)
        case Clock(phases):
            return _clock(phases, at)
        case Standing(inner, since):
            return _value(inner, min(at, since))


def _level(phases: tuple[tuple[float | None, int], ...], at: int) -> float | None:
    for value, length in phases:
        if at < length:
            return value
        at -= length
    return phases[-1][0]


def _ramp(phases: tuple[tuple[float, int], ...], value: float, at: int) -> float:
    for slope, length in phases:
        value += slope * min(at, length)
        at -= min(at, length)
    return round(value, 6)


def _clock(phases: tuple[int, ...], at: int) -> float:
    began = 0
    for index, length in enumerate(phases):
        if at < began + length:
            return at if index % 2 == 0 else began
        began += length
    return at


def notation(values: list[float | None]) -> str:
    """Return promtool's short form: runs of equal steps, ``stale`` where a series ends, ``_`` where it is not."""
    parts: list[str] = []
    index = 0
    while index < len(values):
        length, text = _run(values, index)
        parts.append(text)
        index += length
    return " ".join(parts)


def _run(values: list[float | None], index: int) -> tuple[int, str]:
    first = values[index]
    if first is None:
        length = _while(values, index, lambda at: values[at] is None)
        ended = index > 0
        rest = length - 1 if ended else length
        return length, " ".join([*(["stale"] if ended else []), *([f"_x{rest}"] if rest else [])])
    step = _step(values, index)
    length = 1 + _while(values, index + 1, lambda at: _step(values, at - 1) == step and step is not None)
    if step is None or length == 1:
        return 1, _plain(first)
    return length, f"{_plain(first)}{step:+g}x{length - 1}"


def _while(values: list[float | None], index: int, holds: Callable[[int], bool]) -> int:
    end = index
    while end < len(values) and holds(end):
        end += 1
    return end - index


def _step(values: list[float | None], index: int) -> float | None:
    if index + 1 >= len(values):
        return None
    here, there = values[index], values[index + 1]
    return None if here is None or there is None else round(there - here, 9)


def _plain(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".")


def _recordings() -> dict[str, Any]:
    names = [
        "seen",
        *(f"level-{level}" for level in LEVELS),
        "recordings",
        *(component.value for component in Component),
    ]
    return {
        "rule_files": [f"../generated/{name}.yml" for name in names],
        "group_eval_order": [f"tickertape-{name}" for name in names],
        "evaluation_interval": f"{APART}s",
        "tests": [
            {
                "name": "every record answers with what the bot's numbers say",
                "interval": f"{APART}s",
                "input_series": _series({**LIFE, **WORLD}, APART, MOMENT),
                "promql_expr_test": [
                    {
                        "expr": answer.record,
                        "eval_time": f"{MOMENT}s",
                        "exp_samples": [
                            {"labels": _selector(answer.record, labels), "value": value}
                            for labels, value in answer.values.items()
                        ],
                    }
                    for answer in ANSWERS
                ],
            }
        ],
    }


def _selector(record: str, labels: tuple[tuple[str, str], ...]) -> str:
    inner = ", ".join(f'{name}="{value}"' for name, value in (("bot", "demo"), *labels))
    return f"{record}{{{inner}}}"
