"""Rules over the values of a battery, asked again only where what they looked at has changed.

A rule is a pure function of the values it asks for. While it is asked, its questions are noted;
for the next battery of a list its answer is the same, if none of those values is another one.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from saltbridge.passport.model import AttributeValue, Values

T = TypeVar("T")


class KeptRules(Generic[T]):
    """Rules with their last answers, for one battery after the other."""

    def __init__(self, rules: Sequence[Callable[[Values], T]]) -> None:
        self._rules = rules
        self._kept: list[tuple[T, _Watched]] = []

    def of(
        self, values: Values, changed: Collection[str] | None, redated: bool = False
    ) -> list[T]:
        """The answers of all rules.

        ``changed``: the attributes whose values are others than those of the battery asked
        about before; None where that is not known. ``redated``: one of them was measured on
        another day (who goes through all values looks at nothing else of them).
        """
        if changed is None or len(self._kept) != len(self._rules):
            self._kept = [_asked(rule, values) for rule in self._rules]
        else:
            for place, (_, watched) in enumerate(self._kept):
                if (redated and watched.all) or not watched.seen.isdisjoint(changed):
                    self._kept[place] = _asked(self._rules[place], values)
        return [answer for answer, _ in self._kept]

    def forget(self) -> None:
        """Ask every rule anew next time."""
        self._kept = []


class _Watched(Mapping[str, AttributeValue]):
    """Values, and which of them were asked for."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self.seen: set[str] = set()
        self.all = False

    def __getitem__(self, id: str) -> AttributeValue:
        self.seen.add(id)
        return self._values[id]

    def get(self, id: str, default: Any = None) -> Any:
        """The value, or the default."""
        self.seen.add(id)
        return self._values.get(id, default)

    def __contains__(self, id: object) -> bool:
        self.seen.add(str(id))
        return id in self._values

    def __iter__(self) -> Iterator[str]:
        self.all = True
        return iter(self._values)

    def items(self) -> Any:
        """All of them: whoever goes through them looks at their days alone."""
        self.all = True
        return self._values.items()

    def __len__(self) -> int:
        self.all = True
        return len(self._values)


def _asked(rule: Callable[[Values], T], values: Values) -> tuple[T, _Watched]:
    watched = _Watched(values)
    return rule(watched), watched
