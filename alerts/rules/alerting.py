"""The alerting itself: the signal that must never end, and pages that do not arrive."""

from __future__ import annotations

from typing import Final

from alerts import foreign
from alerts.promql import increase
from alerts.rule import Alert, Component, Panel, Severity, Time

_FAILED: Final = (foreign.NOT_NOTIFIED, foreign.NOT_QUEUED, foreign.NOT_DELIVERED)
_LOST: Final = " or ".join(
    f'label_replace(sum by (instance) ({increase(each, "5m")}), "told_by", "{each.name}", "", "")'
    for each in _FAILED
)

ALERTS: Final = (
    Alert(
        name="Watchdog",
        severity=Severity.NONE,
        component=Component.ALERTING,
        expression="vector(1)",
        lasting=Time("0s", "it always fires"),
        keeps=Time("0s", "it always fires"),
        summary="The alerting works",
        description="This alert always fires (value {{ $value }}). When it stops arriving, the alerting is broken.",
        impact="None while it arrives. When it does not, nobody is paged about anything.",
        first_step="If it stopped: is Prometheus up, is Alertmanager up, does the way to your receiver work?",
        panel=Panel("machinery", 301),
        of_bot=False,
    ),
    Alert(
        name="AlertDeliveryFailing",
        severity=Severity.WARNING,
        component=Component.ALERTING,
        expression=f"({_LOST}) > 0",
        lasting=Time("2m", "a delivery is tried again; a restart of a receiver loses none"),
        keeps=Time("5m", "it is tried again with pauses"),
        summary="Alerts do not reach their receivers",
        description='{{ $value | printf "%.0f" }} notifications failed at {{ $labels.instance }} in the last 5 minutes '
        "({{ $labels.told_by }}).",
        impact="A page about money may not have arrived. Look at what fires, not only at what was sent.",
        first_step="amtool alert query shows what fires; Alertmanager's own log says which receiver failed, and why.",
        panel=Panel("machinery", 301),
        labels=("instance", "told_by"),
        of_bot=False,
    ),
    Alert(
        name="RulesFailing",
        severity=Severity.CRITICAL,
        component=Component.ALERTING,
        expression=f"sum by (instance) ({increase(foreign.NOT_EVALUATED, '5m')}) > 0",
        lasting=Time("1m", "the first evaluations after a restart may meet half a world"),
        keeps=Time("5m", "a rule may fail for some values only"),
        summary="Rules cannot be evaluated",
        description='{{ $value | printf "%.0f" }} evaluations failed at {{ $labels.instance }} in the last 5 minutes.',
        impact="The alerts of these rules can neither fire nor end.",
        first_step="Prometheus, page Rules (/rules): the failing ones carry the error.",
        panel=Panel("machinery", 301),
        labels=("instance",),
        of_bot=False,
    ),
)
