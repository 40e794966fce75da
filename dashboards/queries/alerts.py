"""What fires: Prometheus' own series about the rules."""

from __future__ import annotations

from typing import Final

from dashboards.queries.query import Query

_CHOSEN: Final = 'severity!="none", bot=~"$bot|"'
"""Without the dead-man signal; with what is of no bot, since it is about the machinery that watches all."""
_BY: Final = "bot, severity, component, alertname"

FIRING: Final = Query(f'max by ({_BY}) (ALERTS{{alertstate="firing", {_CHOSEN}}})', "{{alertname}}")
FIRING_FOR: Final = Query(
    f"time() - max by ({_BY}) (ALERTS_FOR_STATE{{{_CHOSEN}}}) and {FIRING.expression}", "{{alertname}}"
)
"""Since it first became true; that what must be waited for is part of it."""
