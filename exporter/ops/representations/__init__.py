"""State, health and time -> what a body shows. Pure; nothing here knows Flask.

Each function copies what it shows, because it runs under the fold's lock and the state goes on changing
afterwards.
"""
