"""Offers nobody asked for, pauses and ends at the terminal, in the three languages."""

import json
from contextlib import contextmanager

import pytest
from tests.web.conftest import a_pair_of_nodes

from saltbridge.cli.main import run
from saltbridge.services.unasked_offers import waiting_offers


@pytest.fixture
def pair(monkeypatch):
    made = a_pair_of_nodes()

    @contextmanager
    def opened(node):
        yield {"maker": made.provider, "cars": made.consumer}[str(node)]

    monkeypatch.setattr("saltbridge.bootstrap.opened_world", opened)
    monkeypatch.setattr("saltbridge.web.serve.is_served", lambda node: str(node) == "maker")
    return made


def offered(pair, capsys):
    bpn = pair.consumer.node.bpn
    assert run(["exchange", "send-offer", bpn, pair.dataset_id, "--node", "maker"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Offered to ")
    assert "serve" not in said  # that node is served
    pair.pump()
    (waiting,) = waiting_offers(pair.consumer)
    return waiting.pid


def test_an_offer_waits_in_the_inbox_and_becomes_a_delivery(pair, capsys):
    pid = offered(pair, capsys)
    assert run(["exchange", "inbox", "--node", "cars"]) == 0
    said = capsys.readouterr().out
    assert pair.dataset_id in said
    assert "permitted: " in said
    assert run(["exchange", "inbox", "--node", "cars", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["kind"], listed["id"]) == ("offer", pid)
    assert run(["exchange", "status", pid, "--node", "cars"]) == 0
    assert "exchange accept, decline" in capsys.readouterr().out
    assert run(["exchange", "status", "--node", "maker"]) == 0
    assert "accepts the offer, declines it" in capsys.readouterr().out
    assert run(["exchange", "accept", pid, "--push", "--node", "cars"]) == 0
    assert "waits: it is sent once the node is served" in capsys.readouterr().out
    pair.pump()
    assert pair.the(pair.consumer, "delivery")["verified"] is True
    assert pair.the(pair.consumer, "transfer")["format"] == "HttpData-PUSH"
    assert run(["exchange", "inbox", "--node", "cars"]) == 0
    assert pid not in capsys.readouterr().out
    assert run(["exchange", "accept", pid, "--node", "cars"]) == 2
    assert "waits here under" in capsys.readouterr().err


def test_an_offer_is_declined_with_a_persons_words(pair, capsys):
    pid = offered(pair, capsys)
    assert run(["exchange", "decline", pid, "--reason", "Not now.", "--node", "cars"]) == 0
    pair.pump()
    ended = pair.the(pair.provider, "negotiation")
    assert (ended["state"], ended["refusal"]["reason"]) == ("TERMINATED", ["Not now."])


def started(pair):
    pair.started()
    return [
        pair.the(w, "transfer")[f"{role}_pid"]
        for w, role in ((pair.provider, "provider"), (pair.consumer, "consumer"))
    ]


@pytest.mark.parametrize(
    ("language", "paused", "waits"),
    [
        ("en", "Paused; ", "waits: "),
        ("de", "Angehalten; ", "wartet: "),
        ("zh", "已暂停", "等待："),
    ],
)
def test_a_transfer_is_paused_goes_on_and_ends(
    pair, capsys, monkeypatch, language, paused, waits
):
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", language)
    ours, theirs = started(pair)
    assert run(["exchange", "suspend", ours, "--node", "maker"]) == 0
    assert paused in capsys.readouterr().out
    pair.pump()
    for node, pid in (("maker", ours), ("cars", theirs)):
        assert run(["exchange", "status", pid, "--node", node]) == 0
        said = capsys.readouterr().out
        assert "SUSPENDED" in said
        assert waits in said
    assert run(["exchange", "resume", theirs, "--node", "cars"]) == 1  # not theirs to go on
    capsys.readouterr()
    assert run(["exchange", "resume", ours, "--node", "maker", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["sending"]) == ("SUSPENDED", "STARTED")
    pair.pump(only="supplier")
    assert run(["exchange", "terminate", ours, "--reason", "Over.", "--node", "maker"]) == 0
    pair.pump()
    ended = pair.the(pair.consumer, "transfer")
    assert (ended["state"], ended["refusal"]["reason"]) == ("TERMINATED", ["Over."])
    capsys.readouterr()
    assert run(["exchange", "status", ours, "--node", "maker"]) == 0
    assert waits not in capsys.readouterr().out


def test_a_negotiation_is_ended_and_an_unknown_process_is_said(pair, capsys):
    begun = pair.ask()
    assert run(["exchange", "status", "--node", "cars"]) == 0
    assert "tried again until it is taken" in capsys.readouterr().out
    pair.workers["cellmaker"].run_once()
    pid = pair.the(pair.provider, "negotiation")["provider_pid"]
    assert run(["exchange", "terminate", begun.pid, "--node", "maker"]) == 2
    assert "There is no" in capsys.readouterr().err
    assert run(["exchange", "terminate", pid, "--node", "maker"]) == 1
    for command in ("suspend", "resume", "terminate"):
        assert run(["exchange", command, "urn:uuid:none", "--node", "maker"]) == 2


def test_what_cannot_be_sent_says_why_in_the_list(pair, capsys):
    pair.ask()
    pair.http.applications.clear()
    pair.workers["cellmaker"].run_once()
    assert run(["exchange", "status", "--node", "cars"]) == 0
    said = capsys.readouterr().out
    assert "tried again" in said
    assert "The last attempt to send failed" in said
    assert run(["exchange", "status", "--node", "cars", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["waits_for"] == "exchange.waits.to-be-sent"
    assert "nobody listens there" in listed["trouble"]
