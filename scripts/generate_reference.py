"""Write docs/reference/ from the contract: alerts, errors, events, metrics, records, settings, spans and more.

Usage: generate_reference.py [FOLDER]     (default: docs/reference of this checkout)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from workflow_reference import workflow_lines

from alerts.rule import Alert
from alerts.rules import ALERTS
from exporter.ops.stream.schema import schema
from trading_bot.boot.fields import FIELDS
from trading_bot.contract.errors import AREAS, ErrorDefinition
from trading_bot.contract.errors.runbooks import runbook_of
from trading_bot.contract.events import SUBJECTS, Event
from trading_bot.contract.settings import settings_schema
from trading_bot.contract.telemetry import spans
from trading_bot.contract.telemetry.definition import Metric, Page
from trading_bot.contract.telemetry.metrics import on_page
from trading_bot.contract.telemetry.recordings import RECORDINGS

NOTE: Final = "*Generated from the code by `make docs`; a test holds it to the code.*"


def errors_page() -> str:
    """Return the page of error codes, one section a code, so that each has an address."""
    lines = _head("Error codes", "Every error has one of these codes, in the log, on the tape and over HTTP.")
    for area in AREAS:
        lines += ["", f"## {(area.__doc__ or '').strip().splitlines()[0]}"] if area.DEFINITIONS else []
        for row in area.DEFINITIONS:
            lines += ["", *_error(row)]
    return _page(lines)


def _error(row: ErrorDefinition) -> list[str]:
    steps = [f"{index}. {_step(step)}" for index, step in enumerate(row.remediation, 1)]
    return [
        f"### {row.code}",
        "",
        f"**{row.title}** — {row.severity}, `{row.consequence.__name__}`",
        "",
        f"- Cause: {row.cause}",
        f"- Impact: {row.impact}",
        f"- Runbook: [{runbook_of(row.code)}](../../alerts/runbooks/{runbook_of(row.code)}.md)",
        "",
        *steps,
    ]


def _step(step: Any) -> str:
    command = f": `{step.command}`" if step.command else ""
    return f"{step.action}{command}{'' if step.safe else ' (takes risk: think first)'}"


def events_page() -> str:
    """Return the page of event kinds."""
    lines = _head(
        "Events", "What can stand on a tape. Facts stay for ever; the rest is pruned after its retention."
    )
    for subject in SUBJECTS:
        lines += ["", f"## {(subject.__doc__ or '').strip().splitlines()[0]}", ""]
        lines += _table(
            ("kind", "version", "kept as", "why it is a kind of its own", "fields"), _events_of(subject)
        )
    return _page(lines)


def _events_of(subject: object) -> Iterable[tuple[str, ...]]:
    for value in vars(subject).values():
        if isinstance(value, type) and issubclass(value, Event) and value is not Event:
            fields = ", ".join(f"`{name}`" for name in value.__struct_fields__)
            yield f"`{value.KIND}`", str(value.VERSION), value.RETENTION, value.REASON, fields


METRICS_PAGES = {
    Page.EXPORTER: "The exporter's page: the bot (`BOT_METRICS_PORT`)",
    Page.OPS: "The ops endpoint's own page (`BOT_API_PORT`, with a key)",
}


def metrics_page() -> str:
    """Return the page of metric families."""
    lines = _head(
        "Metrics", "Every family also has the label `bot`. *While alive*: gone when the bot is silent."
    )
    titles = ("name", "type", "unit", "labels", "shown", "meaning")
    for page, title in METRICS_PAGES.items():
        lines += ["", f"## {title}", "", *_table(titles, map(_metric, on_page(page)))]
    return _page(lines)


def _metric(metric: Metric) -> tuple[str, ...]:
    labels = ", ".join(f"`{label.name}`" for label in metric.labels)
    return f"`{metric.name}`", metric.type, metric.unit, labels, metric.kept, metric.meaning


def settings_page() -> str:
    """Return the page of trading settings."""
    lines = _head(
        "Trading settings", "They seed an empty journal from `config.yaml`; afterwards the journal counts."
    )
    for name, definition in settings_schema()["$defs"].items():
        if "properties" not in definition:
            continue
        rows = [
            _setting(key, schema) for key, schema in definition["properties"].items() if "x-apply" in schema
        ]
        lines += ["", f"## {name}", "", definition.get("description", ""), ""]
        lines += _table(("key", "default", "bounds", "applies", "loosens risk", "meaning"), rows)
    return _page(lines)


def _setting(key: str, schema: dict[str, Any]) -> tuple[str, ...]:
    bounds = [f"{words} {schema[word]}" for word, words in BOUNDS.items() if word in schema]
    default = f"`{schema['default']}`" if "default" in schema else "—"
    return (
        f"`{key}`",
        default,
        ", ".join(bounds) or "—",
        schema["x-apply"],
        schema["x-loosens"],
        schema["description"],
    )


BOUNDS: Final = {
    "exclusiveMinimum": "more than",
    "minimum": "at least",
    "maximum": "at most",
    "enum": "one of",
    "minItems": "items at least",
}


def spans_page() -> str:
    """Return the page of span names and attributes."""
    lines = _head("Spans", "What one trace of a decision is made of.")
    lines += ["", *_table(("span", "meaning"), ((f"`{name}`", words) for name, words in spans.SPANS.items()))]
    lines += ["", "## Attributes", ""]
    lines += _table(
        ("attribute", "meaning"), ((f"`{name}`", words) for name, words in spans.ATTRIBUTES.items())
    )
    return _page(lines)


def boot_page() -> str:
    """Return the page of boot settings."""
    lines = _head(
        "Boot settings",
        "From defaults, `boot.yaml` in the home, the environment and arguments, in that order.",
    )
    rows = (
        (f"`{field.variable}`", f"`{field.key}`", field.expected, f"`{field.example}`", field.meaning)
        for field in FIELDS
    )
    lines += ["", *_table(("variable", "key in boot.yaml", "expected", "example", "meaning"), rows)]
    return _page(lines)


def stream_schema() -> str:
    """Return the JSON Schema of the stream's messages."""
    return json.dumps(schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def workflows_page() -> str:
    """Return the page of workflows: actions, state document, what is shipped."""
    head = _head("Workflows", "What a step can do, what a condition can speak of, and what is shipped.")
    return _page([*head, *workflow_lines()])


def alerts_page() -> str:
    """Return the page of alerts."""
    lines = _head(
        "Alerts",
        "Each links to its runbook. *Held*: it does not end because the bot died or scrapes failed.",
    )
    header = ("alert", "severity", "component", "summary", "for", "keeps firing", "held", "workflow")
    lines += ["", *_table(header, map(_alert, ALERTS))]
    return _page(lines)


def _alert(alert: Alert) -> tuple[str, ...]:
    return (
        f"[{alert.name}](../../alerts/runbooks/{alert.name}.md)",
        alert.severity,
        alert.component,
        alert.summary,
        f"{alert.lasting.length}: {alert.lasting.reason}",
        f"{alert.keeps.length}: {alert.keeps.reason}",
        "yes" if alert.is_held else "",
        alert.workflow or "",
    )


def recordings_page() -> str:
    """Return the page of recording rules."""
    lines = _head("Recording rules", "Questions with one name. Every record also has the label `bot`.")
    rows = (
        (
            f"`{record.name}`",
            record.unit,
            ", ".join(f"`{label.name}`" for label in record.labels),
            record.meaning,
        )
        for record in RECORDINGS.values()
    )
    lines += ["", *_table(("name", "unit", "labels", "meaning"), rows)]
    return _page(lines)


PAGES: Final[dict[str, Callable[[], str]]] = {
    "alerts.md": alerts_page,
    "boot-settings.md": boot_page,
    "errors.md": errors_page,
    "events.md": events_page,
    "metrics.md": metrics_page,
    "recordings.md": recordings_page,
    "settings.md": settings_page,
    "spans.md": spans_page,
    "stream.schema.json": stream_schema,
    "workflows.md": workflows_page,
}


def _head(title: str, sentence: str) -> list[str]:
    return [f"# {title}", "", sentence, "", NOTE]


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [_row(header), _row(("---",) * len(header))]
    return lines + [_row(row) for row in rows]


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _page(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write every page."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "docs" / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")
    print(f"wrote {len(PAGES)} pages to {folder}")


if __name__ == "__main__":
    main()
