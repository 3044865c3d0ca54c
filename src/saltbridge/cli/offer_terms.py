"""The file with the terms of an offer, as a person names it."""

from pathlib import Path
from typing import TYPE_CHECKING

from saltbridge.cli.options import read_file

if TYPE_CHECKING:
    from saltbridge.exchange.offering import OfferTerms


def terms_in(path: Path) -> "OfferTerms":
    """The terms in a file.

    Raises:
        FaultyInput: it cannot be read, or its terms are faulty; all findings at once.
    """
    from saltbridge.formats.offer_terms import parse_terms

    return parse_terms(read_file(path, "offer.unreadable"), str(path))
