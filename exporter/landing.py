"""The page at ``/``: what this is, where to go on, how the bot is at this moment."""

from __future__ import annotations

from html import escape
from typing import Final

import msgspec

from exporter.follow import BotView
from exporter.server import Answer
from trading_bot.domain.health import Health
from trading_bot.domain.state import State
from trading_bot.journal import TapePosition

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6a7a; --line: #d9dfe7; --card: #ffffff;
  --ground: #f4f6f9; --link: #1457c4; --healthy: #1b7f4b; --degraded: #a86200; --offline: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #98a4b3; --line: #2c3542;
  --card: #161c25; --ground: #0e131a; --link: #7db0ff; --healthy: #4cc38a; --degraded: #f0b04c; --offline: #ff7b72; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem; }
h1 { font-size: 1.6rem; margin: 0; letter-spacing: -.01em; }
p.what { color: var(--soft); margin: .25rem 0 1.75rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.25rem;
  margin-bottom: 1rem; }
.status { font-weight: 600; font-size: 1.1rem; display: flex; align-items: center; gap: .55rem; }
.status::before { content: ""; width: .7rem; height: .7rem; border-radius: 50%; background: currentColor; }
.healthy { color: var(--healthy); } .degraded { color: var(--degraded); } .offline { color: var(--offline); }
.reason { margin: .3rem 0 0; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
ul { margin: 0; padding: 0; list-style: none; } li { padding: .2rem 0; }
a { color: var(--link); } code { font: .95em ui-monospace, monospace; } li span { color: var(--soft); }
"""

LINKS: Final = (
    ("/metrics", "the metrics, in Prometheus' text format or OpenMetrics by Accept"),
    ("/-/healthy", "200 while this process serves"),
    ("/-/ready", "200 once the journal has been read up to where it ended at the start"),
)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says about the bot."""

    status: str
    reason: str
    mode: str
    facts: tuple[tuple[str, str], ...]


def landing_page(bot: str, view: BotView) -> Answer:
    """Return the page."""
    lag = view.lag

    def look(state: State, health: Health, position: TapePosition | None) -> Shown:
        return Shown(
            status=health.status,
            reason=health.reason,
            mode=state.mode.mode if health.live else "not known now",
            facts=(*_build(state), *_progress(health, position), ("Behind", f"{lag:,} events")),
        )

    return Answer(_html(bot, view.read(look)).encode(), content_type="text/html; charset=utf-8")


def _build(state: State) -> tuple[tuple[str, str], ...]:
    run = state.run
    if run.started_at is None:
        return (("Build", "no run on the journal yet"),)
    return (
        ("Build", f"tickertape {run.version}, Python {run.python}"),
        ("Venue", str(run.venue)),
        ("Symbols", ", ".join(run.symbols) or "none yet"),
        ("Started by", str(run.supervisor)),
    )


def _progress(health: Health, position: TapePosition | None) -> tuple[tuple[str, str], ...]:
    silent_for = health.silent_for_ns
    beat = "never" if silent_for is None else f"{max(0, silent_for) / 1e9:,.1f} s ago"
    where = (
        "nothing read yet" if position is None else f"event {position.seq:,} of tape {position.tape_id[:8]}"
    )
    return (("Heartbeat", beat), ("Journal", where))


def _html(bot: str, shown: Shown) -> str:
    facts = "".join(_fact(name, text) for name, text in (("Mode", shown.mode), *shown.facts))
    links = "".join(_link(path, what) for path, what in LINKS)
    status = escape(shown.status)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(bot)}: {status}</title><link rel="icon" href="data:,"><style>{STYLE}</style></head>
<body><main>
<h1>Tickertape exporter</h1>
<p class="what">Metrics of the bot <strong>{escape(bot)}</strong>, read from its journal.</p>
<section><div class="status {status}">{status}</div><p class="reason">{escape(shown.reason)}</p></section>
<section><dl>{facts}</dl></section>
<section><ul>{links}</ul></section>
</main></body></html>
"""


def _fact(name: str, text: str) -> str:
    return f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>"


def _link(path: str, what: str) -> str:
    return f'<li><a href="{path}"><code>{path}</code></a> <span>{escape(what)}</span></li>'
