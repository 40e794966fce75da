"""What every process does before its own work: boot settings, home folder and keys, ports, signals.

Nothing here is read, opened or changed at import; a process calls what it needs, in this order:
:func:`~trading_bot.boot.settings.load_settings`, :meth:`~trading_bot.boot.home.Home.create`,
:func:`~trading_bot.boot.parent.die_with_up`, :func:`~trading_bot.boot.ports.probe`.
"""
