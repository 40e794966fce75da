"""What a handler is: it changes the state that it is given by one event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trading_bot.contract.codec import Envelope
from trading_bot.domain.state import State

Handler = Callable[[State, Envelope, Any], None]
