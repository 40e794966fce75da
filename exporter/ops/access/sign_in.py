"""What people sign in with."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from exporter.metrics.scrape import Point
from exporter.ops.access.keys import KeyRing
from exporter.ops.access.passwords import Passwords
from exporter.ops.access.sessions import Sessions
from exporter.ops.access.tokens import Tokens, prepare_tokens
from exporter.ops.access.watch import AccessWatch, Report
from exporter.ops.metrics import Registry
from trading_bot.boot.home import Home
from trading_bot.boot.keys import ensure_key, read_key
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.clock import Clock


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Passwords, the sessions that begin with them, their tokens, and the watch over who may."""

    passwords: Passwords
    sessions: Sessions
    tokens: Tokens
    watch: AccessWatch

    @classmethod
    def of_home(cls, home: Home, keys: KeyRing, clock: Clock, report: Report) -> SignIn:
        """Return that of a home; its signing key is made where it is missing.

        ``report`` gets the error of a file of keys or people that cannot be used later.

        Raises:
            OperatorError: BOT_006 when a file cannot be used.
        """
        ensure_key(home.signing_key)
        sessions = Sessions(home.sessions, clock)
        sessions.keep_only(keys.people)
        if keys.people:
            prepare_tokens()
        tokens = Tokens(read_key(home.signing_key), keys, sessions, clock)
        keys.accept_tokens(tokens.identify)
        watch = AccessWatch(keys, sessions, report)
        return cls(passwords=Passwords(keys, watch.look), sessions=sessions, tokens=tokens, watch=watch)

    def ask(self, registry: Registry) -> None:
        """Have the registry ask how many sessions there are and how many passwords wait."""

        def sessions() -> Iterator[Point]:
            yield (), float(len(self.sessions))

        def waiting() -> Iterator[Point]:
            yield (), float(self.passwords.waiting)

        registry.ask(metrics.API_SESSIONS, sessions)
        registry.ask(metrics.API_SIGN_INS_WAITING, waiting)
