"""Measures what the server and what the framework cost a WSGI app."""

__version__ = "0.1.0"
