"""Which documents are offered as which kind of dataset, for what, and signed as what."""

from collections.abc import Mapping

from saltbridge.exchange.policy import PURPOSE_PASSPORT, PURPOSE_PCF
from saltbridge.trust.claims import Estimate, SupplierRecord

# document kind -> (kind of dataset, type in the Catena-X taxonomy, usual purpose)
DATASETS: Mapping[str, tuple[str, str, str]] = {
    "pcf": ("pcf", "https://w3id.org/catenax/taxonomy#PcfExchange", PURPOSE_PCF),
    "battery-supplier-record": (
        "supplier-record",
        "https://w3id.org/catenax/taxonomy#BatteryPass",
        PURPOSE_PASSPORT,
    ),
    "what-if-estimate": ("estimate", "urn:saltbridge:what-if-estimate", PURPOSE_PCF),
}
# A what-if goes out as what it is: by the type of its claim nobody can take it for more.
CLAIMS: Mapping[str, type[SupplierRecord] | type[Estimate]] = {"what-if-estimate": Estimate}
