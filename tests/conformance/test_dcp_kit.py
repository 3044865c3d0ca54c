"""Reading what the DCP kit said; and the node it is pointed at, without Java."""

import inspect

import pytest
from tests.conformance.dcp import cases, node
from tests.conformance.kits import dcp_tck
from tests.conformance.result import Outcome

from saltbridge import bootstrap
from saltbridge.testing.builders import memory_world
from saltbridge.trust.held import CATENA_X

NAMES = cases.CASES["verifier"]
SAID = f"""\
[2026-11-28T10:18:14.16] Started: {NAMES[0]}
[2026-11-28T10:18:14.70] SUCCESSFUL: {NAMES[0]}

[2026-11-28T10:18:15.01] FAILED: {NAMES[1]}
There were failing tests:
- {NAMES[1]} (java.lang.AssertionError: Expected a 4xx client error HTTP code but got 200)
"""


def test_every_case_is_accounted_for() -> None:
    counts = {role: len(names) for role, names in cases.CASES.items()}
    assert counts == {"verifier": 20, "credential service": 16, "issuance": 24, "issuer": 25}
    assert len(set(dcp_tck.every_case())) == 85 + len(cases.DISABLED) == 88


def test_a_case_that_failed_or_was_not_heard_of_has_failed() -> None:
    first, second, *others = dcp_tck.read(SAID, "verifier")
    assert first.outcome is Outcome.PASSED
    assert second.outcome is Outcome.FAILED and "but got 200" in second.reason
    assert {case.outcome for case in others} == {Outcome.FAILED}


def test_the_kits_dataspace_is_none_a_node_is_served_with() -> None:
    """What opens a node from its folder sets no profile, so that Catena-X's holds."""
    assert memory_world().credential_profile == CATENA_X != node.KITS_DATASPACE
    assert "credential_profile" not in inspect.getsource(bootstrap)


@pytest.mark.parametrize("role", list(cases.PACKAGES))
def test_the_kit_is_told_which_part_the_node_plays(role: str) -> None:
    served = node.Served("http://127.0.0.1:1", "did:web:127.0.0.1%3A1", "http://127.0.0.1:2")
    told = dcp_tck.properties(role, served)
    ours = role if role in ("verifier", "issuer") else "holder"
    assert f"dataspacetck.did.{ours}=did:web:127.0.0.1%3A1\n" in told
    assert ("sts.url" in told) is (ours == "holder")
