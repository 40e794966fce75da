"""The endpoints that need no key."""

from __future__ import annotations

from typing import Final

PUBLIC: Final = frozenset(
    {
        "health.healthz",
        "health.readyz",
        "auth.token",
        "auth.refresh",
        "auth.revoke",
        "documentation.pages",
        "documentation.asset",
        "documentation.openapi",
        "documentation.llms",
    }
)
"""Everything else needs one, also paths that do not exist. Of readyz the public sees the status only."""
