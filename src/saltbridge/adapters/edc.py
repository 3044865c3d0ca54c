"""An EDC that the company runs already, driven over its management API (v3)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from saltbridge.adapters.edc_management import Management, says_of
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.exchange.model import Agreement, Catalogue, DataAddress, Negotiation, Transfer
from saltbridge.formats import edc
from saltbridge.formats import edc_offering as offering_format
from saltbridge.formats.dsp_catalogue_parts import FaultyDataset
from saltbridge.formats.edc_policy import text_of
from saltbridge.ports import (
    Offering,
    Partner,
    SeenNegotiation,
    SeenTransfer,
)


class EdcConnector:
    """Speaks to one management API. ``own_did`` is this node's; ``own_id`` EDC's name of us."""

    def __init__(
        self, api: Management, *, protocol: str, own_did: str, own_id: str, own_address: str
    ) -> None:
        self._api = api
        self._protocol = protocol
        self._own_did = own_did
        self._own_id = own_id
        self._own_address = own_address

    # Consumer

    def catalogue(self, partner: Partner) -> tuple[Catalogue, tuple[FaultyDataset, ...]]:
        """What the partner shows to the connector."""
        due = participant(partner)
        catalogue, faulty = self._shown(partner.name, _address(partner), due)
        if catalogue.participant != due:
            found = catalogue.participant[:200]
            raise FaultyInput.of("exchange.foreign-catalogue", found=found, due=due)
        return catalogue, faulty

    def _shown(
        self, name: str, address: str, id: str
    ) -> tuple[Catalogue, tuple[FaultyDataset, ...]]:
        wanted = edc.render_catalogue_request(address, id, self._protocol)
        answer = self._api.send("POST", "/v3/catalog/request", wanted)
        if answer.status in (400, 502, 504):  # EDC hands on what the partner's side answered
            raise Unavailable.of("edc.no-catalogue", partner=name, says=says_of(answer))
        return edc.parse_catalogue(self._api.content(answer))

    def negotiate(self, partner: Partner, process: Negotiation) -> str:
        """Begin a negotiation, or find the one that was begun before the answer was lost."""
        mark = process.pid
        found = self._api.newest(
            "/v3/contractnegotiations/request", "counterPartyId", participant(partner)
        )
        begun = next((one for one in found if edc.marked(one, mark)), None)
        if begun is not None:
            return text_of(begun.get("@id"))
        request = edc.render_negotiation(
            _address(partner), participant(partner), self._protocol, process.offer, mark
        )
        answer = self._api.read(self._api.send("POST", "/v3/contractnegotiations", request))
        return text_of(answer.get("@id"))

    def negotiation(self, id: str) -> SeenNegotiation | None:
        """A negotiation of the connector, or None."""
        found = self._api.found(f"/v3/contractnegotiations/{_quoted(id)}")
        if found is None:
            return None
        stated = text_of(edc.member(found, "state"))
        return SeenNegotiation(
            id=id,
            state=edc.negotiation_state(stated),
            stated=stated,
            agreement_id=text_of(edc.member(found, "contractAgreementId")),
            detail=edc.detail_of(found),
            peer_pid=text_of(edc.member(found, "correlationId")),
        )

    def end_negotiation(self, id: str, reason: str) -> None:
        """End a negotiation; EDC refuses where it is over, and that is as good."""
        path = f"/v3/contractnegotiations/{_quoted(id)}"
        seen = self.negotiation(id)
        if seen is None or seen.state is not None:
            return
        command = edc.render_reason("TerminateNegotiation", id, reason)
        self._api.command(f"{path}/terminate", command)

    def agreement(self, partner: Partner, id: str) -> Agreement | None:
        """An agreement of the connector with that partner, or None."""
        found = self._api.found(f"/v3/contractagreements/{_quoted(id)}")
        return None if found is None else self._named([partner], edc.parse_agreement(found))

    def start_transfer(self, partner: Partner, transfer: Transfer) -> None:
        """Ask for the data under the transfer's own id: EDC makes one process of it."""
        if self.transfer(transfer.pid) is not None:
            return
        request = edc.render_transfer(
            _address(partner), self._protocol, transfer.agreement_id, transfer.pid
        )
        self._api.command("/v3/transferprocesses", request)

    def transfer(self, id: str) -> SeenTransfer | None:
        """A transfer of the connector, or None."""
        found = self._api.found(f"/v3/transferprocesses/{_quoted(id)}")
        return None if found is None else _seen_transfer(found)

    def data_address(self, transfer_id: str) -> DataAddress | None:
        """The address with its token; Tractus-X EDC renews a token that has run out."""
        path = f"/v3/edrs/{_quoted(transfer_id)}/dataaddress?auto_refresh=true"
        found = self._api.found(path)
        return None if found is None else edc.parse_edr(found)

    def suspend(self, transfer_id: str, reason: str) -> None:
        """Pause a transfer."""
        command = edc.render_reason("SuspendTransfer", transfer_id, reason)
        self._api.command(f"/v3/transferprocesses/{_quoted(transfer_id)}/suspend", command)

    def resume(self, transfer_id: str) -> None:
        """Go on after a pause."""
        self._api.command(f"/v3/transferprocesses/{_quoted(transfer_id)}/resume", None)

    def end_transfer(self, transfer_id: str, reason: str) -> None:
        """End a transfer; nothing where it is over, or was never begun."""
        seen = self.transfer(transfer_id)
        if seen is None or str(seen.state) in ("TERMINATED", "COMPLETED"):
            return
        command = edc.render_reason("TerminateTransfer", transfer_id, reason)
        self._api.command(f"/v3/transferprocesses/{_quoted(transfer_id)}/terminate", command)

    # Provider

    def offer(self, offering: Offering) -> None:
        """Asset, policies, contract definition, in this order: what refers comes last."""
        usage, access = offering_format.policy_ids(offering.offer_id)
        asset = offering_format.render_asset(
            offering.asset_id,
            offering.dataset,
            offering.address,
            offering.key,
            interface=offering.interface,
        )
        self._api.put("/v3/assets", asset, "/v3/assets")
        for id, policy in ((usage, offering.policy), (access, offering.access_policy)):
            definition = offering_format.render_policy_definition(id, policy)
            one = f"/v3/policydefinitions/{_quoted(id)}"
            self._api.put("/v3/policydefinitions", definition, one)
        contract = offering_format.render_contract_definition(
            offering.offer_id, offering.asset_id
        )
        self._api.put("/v3/contractdefinitions", contract, "/v3/contractdefinitions")

    def agreements_about(
        self, partners: Sequence[Partner], asset_id: str
    ) -> Sequence[Agreement]:
        """Every agreement about an asset of ours, ours and the partner's names replaced."""
        found = self._api.every("/v3/contractagreements/request", "assetId", asset_id)
        return [self._named(partners, edc.parse_agreement(one)) for one in found]

    def transfers_about(self, asset_id: str) -> Sequence[SeenTransfer]:
        """Every transfer of an asset of ours."""
        found = self._api.every("/v3/transferprocesses/request", "assetId", asset_id)
        provided = (f for f in found if text_of(edc.member(f, "type")) == "PROVIDER")
        return [_seen_transfer(one) for one in provided]

    # For the doctor

    def about(self) -> None:
        """Ask for one asset: the least that the API answers to a right key alone."""
        query = {"@context": dict(edc.CONTEXT), "@type": "QuerySpec", "limit": 1}
        self._api.content(self._api.send("POST", "/v3/assets/request", query))

    def own_catalogue(self) -> Catalogue:
        """What the connector shows to itself at the address that partners enter."""
        shown = self._shown("EDC", self._own_address, self._own_id)[0]
        if shown.participant != self._own_id:
            found = shown.participant[:200]
            raise FaultyInput.of("edc.other-participant", found=found, due=self._own_id)
        return shown

    # Between

    def _named(self, partners: Sequence[Partner], agreement: Agreement) -> Agreement:
        names = {participant(partner): partner.did for partner in partners}
        names[self._own_id] = self._own_did
        return replace(
            agreement,
            assigner=names.get(agreement.assigner, agreement.assigner),
            assignee=names.get(agreement.assignee, agreement.assignee),
        )


def participant(partner: Partner) -> str:
    """The partner's id in the dataspace: its own, else its DID."""
    return partner.participant_id or partner.did


def _address(partner: Partner) -> str:
    if not partner.dsp_url:
        raise FaultyInput.of("exchange.partner-without-address", partner=partner.name)
    return partner.dsp_url


def _seen_transfer(found: Mapping[str, Any]) -> SeenTransfer:
    stated = text_of(edc.member(found, "state"))
    return SeenTransfer(
        id=text_of(found.get("@id")),
        state=edc.transfer_state(stated),
        stated=stated,
        agreement_id=text_of(edc.member(found, "contractId")),
        asset_id=text_of(edc.member(found, "assetId")),
        detail=edc.detail_of(found),
        peer_pid=text_of(edc.member(found, "correlationId")),
    )


def _quoted(id: str) -> str:
    return quote(id, safe=":")
