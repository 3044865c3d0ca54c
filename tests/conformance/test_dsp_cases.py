"""The cases of the DSP TCK with a peer of our own; and that such a case can fail."""

import pytest
from tests.conformance.dsp import script
from tests.conformance.dsp.cases import IDS
from tests.conformance.dsp.peer import Strayed, play
from tests.conformance.dsp.walks import WALKS

from saltbridge.exchange import negotiation, transfer
from saltbridge.exchange.model import NegotiationState, TransferState
from saltbridge.exchange.process import EITHER


@pytest.mark.parametrize("case", IDS)
def test_case_of_the_dsp_tck(case: str):
    play(case)


def test_there_are_67_cases_and_each_has_a_walk():
    assert len(IDS) == len(set(IDS)) == 67
    assert set(WALKS) == {id for id in IDS if not id.startswith(("MET", "CAT"))}


def test_a_node_that_says_something_else_strays(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(script.NEGOTIATIONS, "ACN0103", {"REQUESTED": ["agree"]})
    with pytest.raises(Strayed, match="CN:01-03, at >request <offer: the node said"):
        play("CN:01-03")


def test_a_node_that_says_more_than_it_should_strays(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(
        script.NEGOTIATIONS, "ACN0303", {"REQUESTED": ["offer"], "ACCEPTED": ["agree"]}
    )
    with pytest.raises(Strayed, match="CN:03-03"):
        play("CN:03-03")


@pytest.mark.parametrize(
    ("case", "machine", "arrow"),
    [
        ("CN:03-02", negotiation, (NegotiationState.OFFERED, NegotiationState.VERIFIED)),
        ("CN:03-01", negotiation, (NegotiationState.FINALIZED, NegotiationState.TERMINATED)),
        ("CN_C:03-06", negotiation, (NegotiationState.AGREED, NegotiationState.FINALIZED)),
        ("TP:03-01", transfer, (TransferState.REQUESTED, TransferState.COMPLETED)),
        ("TP_C:03-05", transfer, (TransferState.TERMINATED, TransferState.SUSPENDED)),
    ],
)
def test_a_table_with_an_arrow_too_many_is_found(case, machine, arrow, monkeypatch):
    more = {**machine.TABLE.arrows, arrow: EITHER}
    table = type(machine.TABLE)(
        more, machine.TABLE.duties, machine.TABLE.own_duties, machine.TABLE.renewals
    )
    monkeypatch.setattr(machine, "TABLE", table)
    with pytest.raises(Strayed, match="should have been refused"):
        play(case)
