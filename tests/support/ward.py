"""A home with a bot's life on it, to be broken in one place each time."""

from __future__ import annotations

from support.command import free_ports
from support.history import tell
from support.recorded_bot import RecordedBot
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings
from trading_bot.doctor.examination import CHECKS
from trading_bot.doctor.finding import Finding
from trading_bot.doctor.patient import Patient
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import restore, snapshot
from trading_bot.domain.state import State
from trading_bot.journal import TapeReader, replay


class Ward:
    """A home, and what the doctor says of it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        names = ("api_port", "metrics_port", "stream_port", "exchange_port")
        self.settings = BootSettings(home=home.path, **dict(zip(names, free_ports(4), strict=True)))
        self.bot: RecordedBot | None = None

    def live(self) -> RecordedBot:
        """Have a bot write its life, with three snapshots in it, and stay alive."""
        self.bot = RecordedBot(self.home, SystemClock())
        self.bot.live()
        for _ in range(3):
            self.bot.tape.append(snapshot(self.state()))
            self.bot.commit()
            tell(self.bot.tape.append, self.bot.clock)
            self.bot.commit()
        self.bot.beat()
        return self.bot

    def die(self) -> None:
        if self.bot is not None:
            self.bot.die()
            self.bot = None

    def state(self) -> State:
        with TapeReader.open(self.home.journal) as reader:
            return replay(reader, evolve, State, restore)[0]

    def says(self, check: str) -> list[Finding]:
        """Return what one check of the table finds."""
        with Patient(self.settings, SystemClock()) as patient:
            return list(CHECKS[check](patient))

    def worst(self, check: str) -> Finding:
        """Return the only finding of a check that is not fine."""
        wrong = [finding for finding in self.says(check) if finding.status != "ok"]
        assert len(wrong) == 1, wrong
        assert wrong[0].remedy
        return wrong[0]

    def is_fine(self, check: str) -> bool:
        return {finding.status for finding in self.says(check)} == {"ok"}
