"""What an alert says of itself. Links are made from its name and panel, so that none can be forgotten."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

PUBLIC_URL: Final = "http://127.0.0.1:8000"
GRAFANA_URL: Final = "http://127.0.0.1:3000"


class Severity(StrEnum):
    """How loud: a person is needed now, a person should look by day, or nobody (the dead-man signal)."""

    CRITICAL = "critical"
    WARNING = "warning"
    NONE = "none"


class Component(StrEnum):
    """Whose it is; pages are routed by it. One file of rules each."""

    BOT = "bot"
    FEED = "feed"
    VENUE = "venue"
    ORDERS = "orders"
    RISK = "risk"
    RECONCILIATION = "reconciliation"
    SETTINGS = "settings"
    JOURNAL = "journal"
    EXPORTER = "exporter"
    TELEMETRY = "telemetry"
    ERRORS = "errors"
    API = "api"
    WORKFLOWS = "workflows"
    ALERTING = "alerting"


class Time(msgspec.Struct, frozen=True):
    """A duration and the reason for it.

    ``least``: seconds below which it is not scaled for drills, where it waits for the bot itself: for a start,
    for an answer that it asks for, or for its next reconnect.
    """

    length: str
    reason: str
    least: int = 0


class Panel(msgspec.Struct, frozen=True):
    """Where to look: a board and the stable id of its panel."""

    board: str
    identity: int


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Where the links of a page lead: the ops endpoint and Grafana, as people reach them."""

    public_url: str = PUBLIC_URL
    grafana_url: str = GRAFANA_URL


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert.

    ``expression`` is true while something is wrong. ``lasting`` is Prometheus' ``for``, ``keeps`` its
    ``keep_firing_for``. ``summary`` is the same each time; ``description`` has value, unit and window.
    ``impact`` is what it costs, ``first_step`` what to do first. ``labels`` are those of the expression
    besides ``bot``.
    """

    name: str
    severity: Severity
    component: Component
    expression: str
    lasting: Time
    keeps: Time
    summary: str
    description: str
    impact: str
    first_step: str
    panel: Panel
    labels: tuple[str, ...] = ()
    workflow: str | None = None
    of_bot: bool = True
    """Whether the series have the label ``bot``."""
    is_held: bool = False
    """Whether it must not end because the bot died or a scrape failed."""

    @property
    def identity(self) -> tuple[str, str]:
        """Name and severity: a burn of an error budget has two."""
        return self.name, self.severity


def asked(expression: str, show: str, otherwise: str = "not known", *by: str) -> str:
    """Return the template of a number that the alert's own value is not.

    Args:
        expression: PromQL with ``%q`` in place of the bot, and of each label in ``by``.
        show: what makes words of the first series, such as ``value | humanize``.
        otherwise: the words for no series.
        by: further labels of the alert.
    """
    chosen = " ".join(f"$labels.{label}" for label in ("bot", *by))
    shown = f"{{{{ . | first | {show} }}}}{{{{ else }}}}{otherwise}{{{{ end }}}}"
    return f"{{{{ with printf `{expression}` {chosen} | query }}}}{shown}"


def rule_of(alert: Alert, links: Links) -> dict[str, object]:
    """Return the alert as Prometheus wants it."""
    rule: dict[str, object] = {"alert": alert.name, "expr": alert.expression}
    if alert.lasting.length != "0s":
        rule["for"] = alert.lasting.length
    if alert.keeps.length != "0s":
        rule["keep_firing_for"] = alert.keeps.length
    rule["labels"] = {"severity": alert.severity.value, "component": alert.component.value}
    rule["annotations"] = _annotations(alert, links)
    return rule


def runbook_url(alert: Alert, links: Links) -> str:
    """Return where its runbook is served."""
    return f"{links.public_url}/api/v1/runbooks/{alert.name}"


def dashboard_url(alert: Alert, links: Links) -> str:
    """Return the panel with the variables of the series that fires."""
    chosen = [name for name in ("bot", "symbol") if name in ("bot" if alert.of_bot else "", *alert.labels)]
    variables = "".join(f"&var-{name}={{{{ urlquery $labels.{name} }}}}" for name in chosen)
    board, panel = alert.panel.board, alert.panel.identity
    return f"{links.grafana_url}/d/tickertape-{board}?viewPanel=panel-{panel}{variables}"


def _annotations(alert: Alert, links: Links) -> dict[str, str]:
    annotations = {
        "summary": alert.summary,
        "description": alert.description,
        "impact": alert.impact,
        "first_step": alert.first_step,
        "runbook_url": runbook_url(alert, links),
        "dashboard_url": dashboard_url(alert, links),
    }
    if alert.workflow is not None:
        annotations["workflow_id"] = alert.workflow
    return annotations
