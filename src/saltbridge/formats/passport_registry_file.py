"""The file in which passports are told to the registry: entries of EN 18222, table 11, as JSON.

The names are those of implementations that cite the standard (secondary, read 2026-11); what
the registry of the Union will ask for was not seen.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any


def registry_entry(
    product_id: str, passport_id: str, operator_id: str, endpoint: str, backup_id: str = ""
) -> dict[str, str]:
    """One entry; ``backup_id`` names who keeps the back-up copy, if somebody does."""
    backup = {"backupUniqueEconomicOperatorIdentifier": backup_id} if backup_id else {}
    return {
        **backup,
        "uniqueProductIdentifier": product_id,
        "digitalProductPassportId": passport_id,
        "uniqueEconomicOperatorIdentifier": operator_id,
        "dppApiEndpoint": endpoint,
    }


def registry_file(entries: Iterable[Mapping[str, Any]]) -> bytes:
    """The file of some entries."""
    return json.dumps(list(entries), ensure_ascii=False, indent=1).encode("utf-8") + b"\n"
