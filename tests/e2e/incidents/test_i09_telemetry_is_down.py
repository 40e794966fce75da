"""I09: the notifier's outage kept the bot from starting. Here nothing that watches is needed to trade."""

from __future__ import annotations

from collections.abc import Callable

from support.command import free_ports
from support.trading import Floor

from trading_bot.contract.events.lifecycle import BotReady
from trading_bot.contract.events.trading import OrderFilled


def test_i09_the_bot_starts_and_trades_with_everything_that_watches_it_dead(floor: Callable[..., Floor]):
    here = floor()
    nobody = [f"http://127.0.0.1:{port}" for port in free_ports(3)]
    here.command.environment |= {
        "OTEL_EXPORTER_OTLP_ENDPOINT": nobody[0],
        "BOT_ALERTMANAGER_URL": nobody[1],
        "BOT_PROMETHEUS_URL": nobody[2],
    }
    for name in ("exporter", "ops"):
        here.start(name)
        here.kill(name)
    here.home.control.write_bytes(b"this was the tape of ops once")
    here.start("run")
    ready = here.wait_for(BotReady.KIND)
    here.wait_for(OrderFilled.KIND, after=ready.seq)
    assert here.state().mode.mode == "running"
