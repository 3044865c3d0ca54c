"""Accounts come back as they were stored, and show no secret of theirs."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from saltbridge.accounts.account import (
    Account,
    State,
    Subject,
    account_findings,
    account_name,
    account_of,
    account_record,
)
from saltbridge.accounts.model import Role
from saltbridge.core.canonical import canonical_bytes, read_json

_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
_ACCOUNTS = st.builds(
    Account,
    id=_TEXT,
    name=_TEXT,
    display_name=_TEXT,
    roles=st.frozensets(st.sampled_from(Role)),
    state=st.sampled_from(State),
    password_hash=_TEXT,
    subject=st.none() | st.builds(Subject, _TEXT, _TEXT),
    invitation=_TEXT,
    epoch=st.integers(1, 1000),
    created_at=_TEXT,
    created_by=_TEXT,
    unknown=st.just({"added_later": 1}),
)


@given(_ACCOUNTS)
def test_what_is_stored_comes_back_equal(account: Account) -> None:
    assert account_of(read_json(canonical_bytes(account_record(account)))) == account


def test_a_printed_account_holds_no_secret() -> None:
    account = Account(id="1", name="li", password_hash="$argon2id$x", invitation="sha256:y")
    assert "argon2" not in repr(account) and "sha256" not in repr(account)


def test_two_people_of_one_name_are_told_apart() -> None:
    account = Account(id="1", name="li.wei", display_name="李伟")
    assert account.person().name == "李伟 (li.wei)"
    assert replace(account, name="wei2").label != account.label
    assert Account(id="1", name="li.wei").label == "li.wei"


def test_who_can_sign_in() -> None:
    known = Account(id="1", name="li", password_hash="x")
    assert known.can_sign_in
    assert replace(known, password_hash="", subject=Subject("i", "s")).can_sign_in
    assert not replace(known, password_hash="").can_sign_in
    assert not replace(known, state=State.LOCKED).can_sign_in
    assert not replace(known, state=State.REMOVED).can_sign_in


def test_names_that_would_read_as_something_else_are_refused() -> None:
    for name in ("", "x", "os:root", "a b", "a\nb", "-ab", "<b>", "x" * 65):
        assert [f.code for f in account_findings(name, "", ["viewer"])] == ["people.name-form"]
    for name in ("王伟", "li.wei@example.cn", " Li.Wei "):
        assert account_findings(name, "", ["viewer"]) == []
    assert account_name("ＬＩ") == "li"


def test_all_faults_come_at_once() -> None:
    found = account_findings("", "a\nb", ["boss", "viewer"])
    assert {f.code for f in found} == {
        "people.name-form", "people.display-name-form", "people.role-unknown",
    }  # fmt: skip
    assert [f.code for f in account_findings("li", "", [])] == ["people.role-missing"]
