"""What is put on offer at an EDC: asset, two policies and a contract definition (v3).

Source: EDC 0.14.0 as it answered, recorded 2026-11-28; read in those answers.
"""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.exchange.catalogue import dataset_of
from saltbridge.exchange.model import Json
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.formats.dsp_catalogue import render_dataset
from saltbridge.formats.edc import CONTEXT, EDC
from saltbridge.formats.edc_policy import render_policy

_ALL: Final = ("proxyMethod", "proxyQueryParams", "proxyBody")
KEY_HEADER: Final = "X-Saltbridge-Data-Key"
DIGEST: Final = DSP_2025_1.digest_names[0]
_DCT: Final = "http://purl.org/dc/terms/"
_NO_PROPERTIES: Final = frozenset({"@id", "@type", "@context", "hasPolicy", "distribution"})


def render_asset(
    asset_id: str, dataset: Json, address: str, key: str, *, interface: bool = False
) -> dict[str, Any]:
    """The asset: what our own catalogue would say of it, and where its bytes lie.

    The key goes to us with each request of the data plane; partners never see the address.
    """
    shown = render_dataset(dataset_of(dataset, DSP_2025_1, ""))
    properties = {
        name.replace("dct:", _DCT): value
        for name, value in shown.items()
        if name not in _NO_PROPERTIES
    }
    return {
        "@context": dict(CONTEXT),
        "@id": asset_id,
        "@type": "Asset",
        "properties": {**properties, **_digest(dataset)},
        "dataAddress": {
            "@type": "DataAddress",
            "type": "HttpData",
            "baseUrl": address,
            "proxyPath": "true",
            **(dict.fromkeys(_ALL, "true") if interface else {}),
            f"header:{KEY_HEADER}": key,
        },
    }


def _digest(dataset: Json) -> Mapping[str, str]:
    """The digest of the bytes, told over the control plane; EDC's start message has none."""
    released: Any = list(dataset.get("releases", {}).values())
    return {DIGEST: released[0]["digest"]} if len(released) == 1 else {}


def policy_ids(offer_id: str) -> tuple[str, str]:
    """The ids of the usage and of the access policy of an offer."""
    return f"{offer_id}~use", f"{offer_id}~access"


def render_policy_definition(id: str, policy: Json) -> dict[str, Any]:
    """A policy under an id."""
    return {
        "@context": dict(CONTEXT),
        "@id": id,
        "@type": "PolicyDefinition",
        "policy": render_policy(policy),
    }


def render_contract_definition(offer_id: str, asset_id: str) -> dict[str, Any]:
    """The offer: who may see it, what it allows, and the one asset it is about."""
    usage, access = policy_ids(offer_id)
    return {
        "@context": dict(CONTEXT),
        "@id": offer_id,
        "@type": "ContractDefinition",
        "accessPolicyId": access,
        "contractPolicyId": usage,
        "assetsSelector": [
            {
                "@type": "Criterion",
                "operandLeft": f"{EDC}id",
                "operator": "=",
                "operandRight": asset_id,
            }
        ],
    }
