"""Who may do what, and how often."""

from __future__ import annotations

from exporter.ops.access.keys import Principal
from exporter.ops.access.roles import principal, require
from trading_bot.boot.roles import Role

__all__ = ["Principal", "Role", "principal", "require"]
