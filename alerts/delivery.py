"""Who is told of what: routes, groups, quiet hours, and which alert makes others unnecessary."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from alerts.rule import Component, Severity

MONEY: Final = (Component.ORDERS, Component.RISK, Component.RECONCILIATION)
"""Components whose pages repeat soon: money is at stake while they fire."""
QUIET: Final = "quiet-hours"
OPS_URL: Final = "http://127.0.0.1:8000"
SECRETS: Final = "secrets"
"""Folder beside the configuration: one file a secret."""


class Outlets(msgspec.Struct, frozen=True, kw_only=True):
    """Where messages go besides Alertmanager's own page. Addresses and passwords are files in ``secrets``.

    ``ops``: the ops endpoint's address, with ``secrets/operate-key``. ``chat``: Slack or what speaks like it,
    with ``secrets/chat-url``. ``dead_man``: a service that pages when nothing arrives, ``secrets/dead-man-url``.
    ``mail_to``: an address, with ``mail_from``, ``smarthost`` and ``secrets/mail-password``. ``secrets``: the
    folder of these files as Alertmanager sees it; it looks for some of them from where it was started, not from
    where its configuration lies, so an absolute path is right.
    """

    ops: str | None = None
    chat: bool = False
    dead_man: bool = False
    mail_to: str | None = None
    mail_from: str = "tickertape@localhost"
    smarthost: str = "localhost:587"
    secrets: str = SECRETS


class Inhibition(msgspec.Struct, frozen=True):
    """While one of ``causes`` fires, its ``effects`` are shown and not sent, for the same ``equal`` labels."""

    causes: tuple[str, ...]
    effects: tuple[str, ...]
    equal: tuple[str, ...] = ("bot",)


INHIBITIONS: Final = (
    Inhibition(
        ("BotDown", "BotFrozen"),
        (
            "NoDecisions",
            "NoBars",
            "FeedStale",
            "PricesNotBelieved",
            "FeedBudgetBurning",
            "FeedReconnectStorm",
            "VenueUnreachable",
            "ReconciliationOld",
            "OrderStuck",
            "BotNotRunning",
            "BotRestarting",
            "SettingsPending",
            "DecisionsLate",
            "ExporterNotCaughtUp",
            "WorkflowFailed",
        ),
    ),
    Inhibition(
        ("ExporterDown",),
        ("NoDecisions", "NoBars", "FeedStale", "ReconciliationOld", "OrderStuck", "ExporterNotCaughtUp"),
    ),
    Inhibition(
        ("VenueUnreachable", "VenueBanned"),
        (
            "FeedStale",
            "NoBars",
            "NoDecisions",
            "FeedBudgetBurning",
            "FeedReconnectStorm",
            "ReconciliationOld",
            "OrderRejectsHigh",
            "FillRatioLow",
            "BotNotRunning",
        ),
    ),
    Inhibition(("OrderRejectsHigh",), ("FillRatioLow",)),
    Inhibition(("VenueBanned",), ("VenueUnreachable", "VenueRateLimitLow", "KillSwitchEngaged")),
    Inhibition(("FeedStale",), ("NoBars",), ("bot", "symbol")),
    Inhibition(("FeedStale",), ("FeedBudgetBurning", "FeedReconnectStorm")),
    Inhibition(("NoDecisions",), ("NoBars",)),
    Inhibition(
        (
            "KillSwitchEngaged",
            "DailyLossLimit",
            "DrawdownLimit",
            "BreakerOpen",
            "AnchorsNotRestored",
            "PositionMismatch",
            "ClockSkew",
            "JournalNotWritable",
        ),
        ("BotNotRunning",),
    ),
    Inhibition(("DailyLossLimit",), ("DailyLossWarning",)),
    Inhibition(("DrawdownLimit",), ("DrawdownHigh",)),
    Inhibition(
        ("JournalNotWritable",),
        (
            "JournalDiskFilling",
            "MeasurementsDropped",
            "NoDecisions",
            "ReconciliationOld",
            "ExporterNotCaughtUp",
        ),
    ),
    Inhibition(("ApiDown",), ("ApiBudgetBurning", "WorkflowStuck")),
)
"""Never silenced: what a bot holds at the venue. That it died makes an unknown order worse, not smaller.

Nor the bot's mode by one symbol's prices: they may be stale for days, and would hide every other reason for it.
"""


class Rhythm(msgspec.Struct, frozen=True):
    """How long to collect, how long between additions, how long until it is said again."""

    wait: str
    interval: str
    repeat: str


MONEY_NOW: Final = Rhythm("5s", "1m", "15m")
NOW: Final = Rhythm("5s", "1m", "1h")
BY_DAY: Final = Rhythm("30s", "5m", "12h")
ALIVE: Final = Rhythm("0s", "30s", "1m")


def receiver_of(severity: Severity, component: Component) -> str:
    """Return who is told: the reference that routes are tested against."""
    if severity is Severity.NONE:
        return "dead-man"
    group = "money" if component in MONEY else "machinery"
    return f"{'page' if severity is Severity.CRITICAL else 'tell'}-{group}"


def configuration(outlets: Outlets, *, at_once: bool = False) -> dict[str, Any]:
    """Return Alertmanager's configuration. ``at_once``: nothing is collected first, for drills."""
    document: dict[str, Any] = {"global": _globals(outlets)} if outlets.mail_to else {}
    return {
        **document,
        "templates": ["templates/*.tmpl"],
        "time_intervals": [_quiet_hours()],
        "route": _routes(at_once=at_once),
        "inhibit_rules": [*map(_inhibition, INHIBITIONS), *_critical_silences()],
        "receivers": [_receiver(name, outlets) for name in RECEIVERS],
    }


RECEIVERS: Final = ("dead-man", "page-money", "page-machinery", "tell-money", "tell-machinery")


def _globals(outlets: Outlets) -> dict[str, Any]:
    return {
        "smtp_from": outlets.mail_from,
        "smtp_smarthost": outlets.smarthost,
        "smtp_auth_username": outlets.mail_from,
        "smtp_auth_password_file": f"{outlets.secrets}/mail-password",
    }


def _quiet_hours() -> dict[str, Any]:
    """Return the hours in which warnings wait: what they tell of is still there in the morning."""
    times = [{"start_time": "21:00", "end_time": "24:00"}, {"start_time": "00:00", "end_time": "07:00"}]
    return {"name": QUIET, "time_intervals": [{"times": times, "location": "UTC"}]}


def _routes(*, at_once: bool) -> dict[str, Any]:
    money = "|".join(MONEY)
    critical, warning = 'severity="critical"', 'severity="warning"'
    of_money = f'component=~"{money}"'
    quiet = {} if at_once else {"mute_time_intervals": [QUIET]}
    return {
        "receiver": "page-machinery",
        "group_by": ["alertname", "bot"],
        **_rhythm(NOW, at_once=at_once),
        "routes": [
            {"matchers": ['alertname="Watchdog"'], "receiver": "dead-man", **_rhythm(ALIVE, at_once=at_once)},
            {
                "matchers": [critical, of_money],
                "receiver": "page-money",
                **_rhythm(MONEY_NOW, at_once=at_once),
            },
            {"matchers": [critical], "receiver": "page-machinery", **_rhythm(NOW, at_once=at_once)},
            {
                "matchers": [warning, of_money],
                "receiver": "tell-money",
                **_rhythm(BY_DAY, at_once=at_once),
                **quiet,
            },
            {
                "matchers": [warning],
                "receiver": "tell-machinery",
                **_rhythm(BY_DAY, at_once=at_once),
                **quiet,
            },
        ],
    }


def _rhythm(rhythm: Rhythm, *, at_once: bool) -> dict[str, str]:
    return {
        "group_wait": "0s" if at_once else rhythm.wait,
        "group_interval": "1s" if at_once else rhythm.interval,
        "repeat_interval": rhythm.repeat,
    }


def _inhibition(rule: Inhibition) -> dict[str, Any]:
    return {
        "source_matchers": [f'alertname=~"{"|".join(rule.causes)}"'],
        "target_matchers": [f'alertname=~"{"|".join(rule.effects)}"'],
        "equal": list(rule.equal),
    }


def _critical_silences() -> list[dict[str, Any]]:
    """Return what every critical alert silences: its own warning, and that there are many errors."""
    critical, warning, errors = 'severity="critical"', 'severity="warning"', 'alertname="ErrorRateHigh"'
    return [
        {"source_matchers": [critical], "target_matchers": [warning], "equal": ["alertname", "bot"]},
        {"source_matchers": [critical], "target_matchers": [errors], "equal": ["bot"]},
    ]


def _receiver(name: str, outlets: Outlets) -> dict[str, Any]:
    if name == "dead-man":
        hooks = [{"url_file": f"{outlets.secrets}/dead-man-url"}] if outlets.dead_man else []
        return {"name": name, **({"webhook_configs": hooks} if hooks else {})}
    parts: dict[str, Any] = {"name": name}
    if outlets.ops:
        parts["webhook_configs"] = [_ops(outlets.ops, outlets.secrets)]
    if outlets.chat:
        parts["slack_configs"] = [_chat(outlets.secrets)]
    if outlets.mail_to and name.startswith("page"):
        parts["email_configs"] = [_mail(outlets.mail_to)]
    return parts


def _ops(address: str, secrets: str) -> dict[str, Any]:
    key = {"type": "Bearer", "credentials_file": f"{secrets}/operate-key"}
    return {"url": f"{address}/api/v1/alerts", "send_resolved": True, "http_config": {"authorization": key}}


def _chat(secrets: str) -> dict[str, Any]:
    return {
        "api_url_file": f"{secrets}/chat-url",
        "send_resolved": True,
        "title": '{{ template "tickertape.title" . }}',
        "title_link": '{{ template "tickertape.link" . }}',
        "text": '{{ template "tickertape.text" . }}',
        "fallback": '{{ template "tickertape.title" . }}',
        "color": '{{ template "tickertape.colour" . }}',
    }


def _mail(address: str) -> dict[str, Any]:
    return {
        "to": address,
        "send_resolved": True,
        "headers": {"Subject": '{{ template "tickertape.title" . }}'},
        "html": '{{ template "tickertape.html" . }}',
        "text": '{{ template "tickertape.text" . }}',
    }
