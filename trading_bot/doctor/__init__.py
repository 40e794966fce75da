"""Looks at a home folder, at what runs on it and at the machine, and says what is wrong and what helps.

Reads only: whatever it opens is opened for reading, and a database that nobody has open is read from a copy,
because SQLite puts files beside a database that it opens.
"""
