"""Links between the pages of an answer (RFC 8288)."""

import re
from typing import Final

_LINK: Final = re.compile(r"<([^<>]{1,4000})>\s*((?:;[^,;<]*)+)")
_REL: Final = re.compile(r';\s*rel\s*=\s*"?([^";,]*)"?')


def next_link(header: str) -> str:
    """Where the next page is (RFC 8288); empty where there is none.

    >>> next_link('<http://a/1>; rel="previous", <http://a/3?x=1>; rel="next"')
    'http://a/3?x=1'
    """
    for url, parameters in _LINK.findall(header[:20_000]):
        named = _REL.search(parameters)
        if named and "next" in named.group(1).split():
            return str(url)
    return ""
