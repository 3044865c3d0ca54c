"""Who has to change something before a refusal of this code goes away.

The texts of the codes say what; codes without a row are nobody's in particular.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from saltbridge.exchange.model import Role

_CONSUMER: Final = (
    "exchange.offer-unknown",
    "exchange.offer-altered",
    "exchange.agreement-over",
    "exchange.callback-foreign",
    "exchange.format-unknown",
    "exchange.pid-in-use",
    "exchange.show-again",
    "policy.membership-missing",
    "policy.framework-missing",
)
_PROVIDER: Final = (
    "exchange.nothing-released",
    "exchange.refused-by-approver",
    "exchange.agreement-other-dataset",
    "exchange.agreement-other-parties",
    "exchange.agreement-altered",
    "exchange.agreement-id-taken",
    "exchange.purpose-not-ours",
)
_WHOSE: Final[Mapping[str, Role]] = MappingProxyType(
    {
        **dict.fromkeys(_CONSUMER, Role.CONSUMER),
        **dict.fromkeys(_PROVIDER, Role.PROVIDER),
    }
)


def whose_move(code: str) -> Role | None:
    """The side that has to change something; None where that cannot be said.

    >>> whose_move("exchange.offer-altered"), whose_move("delivery.log-forked")
    (<Role.CONSUMER: 'consumer'>, <Role.PROVIDER: 'provider'>)
    """
    if code in _WHOSE:
        return _WHOSE[code]
    # What is delivered, and the policies of an offer, are the provider's.
    provided = code.startswith(("delivery.", "exchange.policy-", "policy."))
    return Role.PROVIDER if provided else None
