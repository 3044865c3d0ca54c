"""Which passwords will do: NIST SP 800-63B-4, and none of them is ever repeated."""

import pytest

from saltbridge.accounts.password import MAX_LENGTH, MIN_LENGTH, normalised, password_findings


def codes(password: str, *names: str) -> list[str]:
    return [found.code for found in password_findings(password, *names)]


@pytest.mark.parametrize(
    "password",
    [
        "Nine blue herons over Ningde",
        "l4rch&pl1er&quoin",
        "阳光下的桥墩很长很长，江水无声流",
        "Überquerung mit Rückenwind",
        " spaces around are its own ",
        "🜂 fire 🜄 water 🜃 earth 🜁",
    ],
)
def test_long_passwords_of_every_script_will_do(password: str) -> None:
    assert codes(password, "li.wei", "Li Wei") == []


def test_only_the_length_counts_and_not_what_it_is_made_of() -> None:
    assert codes("tangle orchid w") == []  # 15 letters and blanks, no digit, no capital
    assert codes("tangle orchid ") == ["people.password-short"]
    assert codes("x" * (MAX_LENGTH + 1)) == ["people.password-long"]


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaaaaaaa",
        "123456789012345678",
        "abcdefghijklmnopqr",
        "Password1234567890",
        "passwort passwort 123",
        "qwertyuiopasdfghjkl",
        "Saltbridge-2026-2027",
        "correct horse battery staple",
        "li.wei.li.wei.li.wei",
        "WeiLi 1234567890",
        "王伟王伟王伟王伟王伟王伟王伟12",
    ],
)
def test_names_and_obvious_ones_are_refused(password: str) -> None:
    assert codes(password, "li.wei", "王伟 Li Wei") == ["people.password-obvious"]


def test_another_persons_name_is_not_in_the_way() -> None:
    assert codes("li.wei and the long river", "anna") == []


def test_every_keyboard_writes_the_same_password() -> None:
    assert normalised("Ａｂｃ") == "Abc" and normalised("u\u0308") == "ü"


def test_no_finding_repeats_the_password() -> None:
    for password in ("tiny secret", "aaaaaaaaaaaaaaaa", "tab\tinside is refused"):
        for found in password_findings(password):
            assert password not in str(dict(found.arguments)) + str(found.place)
    assert codes("tab\tinside is refused") == ["people.password-control"]
    assert MIN_LENGTH == 15
