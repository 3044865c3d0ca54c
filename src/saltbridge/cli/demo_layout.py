"""How the demo sets its lines: folded to the terminal, aligned by cells, not characters.

A Chinese character fills two cells of a terminal, and a Chinese sentence has no blanks to
break at; closing punctuation never begins a line.
"""

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

INDENT = 7
_OPENING, _CLOSING = "（《", "，。；：？！）》”、"
_HAN = "\u3400-\u9fff"
_UNIT = re.compile(
    rf" +|(?:[{_OPENING}]|“(?=[{_HAN}]))*"
    rf"(?:[{_HAN}]|[^ {_HAN}{_OPENING}{_CLOSING}]+)?[{_CLOSING}]*"
)


def fold(line: str, width: int) -> list[str]:
    """The line broken into pieces of at most ``width`` cells; a longer word stays whole.

    A no-break space holds its two words together.
    """
    pieces, now = [], ""
    for unit in (found for found in _UNIT.findall(line) if found):
        if now.strip() and cell_len(now + unit.rstrip()) > width:
            pieces.append(now.rstrip())
            now = unit.lstrip()
        else:
            now += unit
    return [*pieces, now.rstrip()]


def pad(word: str, width: int) -> str:
    """The word in exactly ``width`` cells: filled with blanks, or cut with an ellipsis."""
    if cell_len(word) > width:
        return set_cell_size(set_cell_size(word, width - 1).rstrip() + "…", width)
    return set_cell_size(word, width)


def widest(words: Iterable[str]) -> int:
    """Cells of the widest word."""
    return max(map(cell_len, words), default=0)


def command_lines(words: Sequence[str], width: int) -> list[str]:
    """A command on one line, or on several with backslashes, ready to be pasted in a shell."""
    groups: list[str] = []
    for word in words:
        option = groups and groups[-1].startswith("--") and " " not in groups[-1]
        if option and not word.startswith("--"):
            groups[-1] += f" {word}"
        else:
            groups.append(word)
    lines = [""]
    for group in groups:
        if lines[-1] and cell_len(f"{lines[-1]} {group} \\") > width:
            lines.append(f"    {group}")
        else:
            lines[-1] = (
                f"{lines[-1]} {group}".strip() if len(lines) == 1 else f"{lines[-1]} {group}"
            )
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]
