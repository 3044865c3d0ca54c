"""Saltbridge: battery carbon data between companies and across borders.

Four words carry it: account, issue, exchange, guard. ``docs/map.md`` shows the rooms.
"""

__version__ = "0.1.0"
