"""Trading settings: what is in force, what a change would do, and the file and its history."""

from __future__ import annotations

from exporter.ops.configuration.change import Configuration, InForce, Planned

__all__ = ["Configuration", "InForce", "Planned"]
