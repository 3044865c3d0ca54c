"""The ids of the kit's cases, and the settings that name our datasets and agreements to it."""

from typing import Final

from tests.conformance.dsp.script import NEGOTIATIONS, TRANSFERS

FORMAT: Final = "HttpData-PULL"
KNOWN, NOT_THERE = "CAT0101", "CAT0103"
KIT_PARTICIPANT: Final = "TCK_PARTICIPANT"
CX_POLICY: Final = "https://w3id.org/catenax/2025/9/policy/context.jsonld"


def _id(ours: str) -> str:
    """``ACNC0101`` → ``CN_C:01-01``, as the kit names the case."""
    family = {"ACN": "CN", "ACNC": "CN_C", "ATP": "TP", "ATPC": "TP_C"}[ours[:-4]]
    return f"{family}:{ours[-4:-2]}-{ours[-2:]}"


IDS: Final = (
    "MET:01-01",
    *(f"CAT:01-0{n}" for n in (1, 2, 3)),
    *map(_id, NEGOTIATIONS),
    *map(_id, TRANSFERS),
)


def offer_id(dataset_id: str) -> str:
    """The id of the offer of a dataset, as the kit expects it."""
    return f"CD123:{dataset_id}:456"


def properties(
    *, base_url: str, authorization: str, callback: str, context_file: str, wait_seconds: int
) -> str:
    """The settings of the kit."""
    kit = "dataspacetck"
    lines = [
        f"{kit}.ansi=false",
        f"{kit}.debug=false",
        f"{kit}.callback.address={callback}",
        f"{kit}.host=127.0.0.1",
        f"{kit}.port={callback.rpartition(':')[2]}",
        f"{kit}.dsp.local.connector=false",
        f"{kit}.dsp.connector.agent.id=SALTBRIDGE",
        f"{kit}.dsp.connector.http.url={base_url}/2025-1",
        f"{kit}.dsp.connector.http.base.url={base_url}",
        f"{kit}.dsp.connector.http.headers.authorization={authorization}",
        f"{kit}.dsp.connector.negotiation.initiate.url={base_url}/tck/negotiations/requests",
        f"{kit}.dsp.connector.transfer.initiate.url={base_url}/tck/transfers/requests",
        f"{kit}.dsp.default.wait={wait_seconds}",
        f"{kit}.dsp.jsonld.context.cx.uri={CX_POLICY}",
        f"{kit}.dsp.jsonld.context.cx.path={context_file}",
        f"CAT_01_01_DATASETID={KNOWN}",
        f"CAT_01_02_DATASETID={KNOWN}",
        f"CAT_01_03_DATASETID={NOT_THERE}",
    ]
    for ours in NEGOTIATIONS:
        name = _id(ours).replace(":", "_").replace("-", "_")
        lines += [f"{name}_DATASETID={ours}", f"{name}_OFFERID={offer_id(ours)}"]
    for ours in TRANSFERS:
        name = _id(ours).replace(":", "_").replace("-", "_")
        lines += [f"{name}_AGREEMENTID={ours}", f"{name}_FORMAT={FORMAT}"]
    return "\n".join(lines) + "\n"
