"""What can go wrong, by kind. Every error carries findings, so that a face can word them.

``FaultyInput``   the data a person gave is wrong: nothing was stored (exit code 2)
``Refused``       the data is right, yet a rule forbids the step (exit code 1)
``Unavailable``   something outside cannot be reached or is in use (exit code 3)
"""

from collections.abc import Iterable

from saltbridge.core.finding import NOWHERE, Argument, Finding, Place


class SaltbridgeError(Exception):
    """Root of all our errors; ``findings`` says what, where and what to do."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        codes = "; ".join(
            f"{f.code} {dict(f.arguments)} {f.place}".strip() for f in self.findings
        )
        super().__init__(codes)

    @classmethod
    def of(cls, code: str, place: Place = NOWHERE, **arguments: Argument) -> "SaltbridgeError":
        """An error of this kind with a single finding."""
        return cls([Finding(code, arguments, place)])


class FaultyInput(SaltbridgeError):
    """The data a person or a partner gave is wrong; nothing was stored."""


class Refused(SaltbridgeError):
    """The data is right, yet a rule forbids the step."""


class Unavailable(SaltbridgeError):
    """Something outside cannot be reached, is in use, or is missing."""
