"""What may be asked of a system behind the data plane: named paths and parameters."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from saltbridge.exchange.model import Refusal

_PATH: Final = re.compile(r"[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_MOST_VALUE: Final = 200


@dataclass(frozen=True, slots=True)
class Upstream:
    """A system of the company's own and what partners may ask of it."""

    url: str
    paths: tuple[str, ...]  # below the address, each whole; "" is the address itself
    parameters: tuple[str, ...] = ()

    def faults(self) -> list[str]:
        """Paths and names of parameters that are none."""
        wrong = [p for p in self.paths if p and (not _PATH.fullmatch(p) or ".." in p)]
        return [*wrong, *(n for n in self.parameters if not _NAME.fullmatch(n))]

    def address(self, path: str, query: Sequence[tuple[str, str]]) -> str | Refusal:
        """Where to ask, or why such a question is not passed on.

        >>> Upstream("http://10.0.0.5/x", ("part",), ("id",)).address("part", [("id", "1 2")])
        'http://10.0.0.5/x/part?id=1%202'
        """
        if path not in self.paths:
            return Refusal("live.path-unknown", {"path": path[:80]})
        names = [name for name, _ in query]
        if len(set(names)) != len(names) or not set(names) <= set(self.parameters):
            return Refusal("live.parameter-unknown", {"names": ", ".join(names)[:160]})
        if any(len(value) > _MOST_VALUE or not value.isprintable() for _, value in query):
            return Refusal("live.parameter-unknown", {"names": ", ".join(names)[:160]})
        asked = f"{self.url.rstrip('/')}/{path}" if path else self.url
        return f"{asked}?{urlencode(list(query), quote_via=quote)}" if query else asked


def upstream_record(upstream: Upstream) -> dict[str, Any]:
    """The upstream as a dataset keeps it. Its secret lies with the node's settings."""
    return {
        "url": upstream.url,
        "paths": list(upstream.paths),
        "parameters": list(upstream.parameters),
    }


def upstream_of(record: Mapping[str, Any]) -> Upstream:
    """The upstream of a stored object."""
    paths: Iterable[str] = record["paths"]
    return Upstream(record["url"], tuple(paths), tuple(record["parameters"]))
