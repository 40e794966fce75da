"""`python -m trading_bot` is `tickertape`."""

from __future__ import annotations

from trading_bot.cli import main

if __name__ == "__main__":
    main()
