"""Argon2id with the parameters of RFC 9106, and nothing that tells an empty hash apart."""

from saltbridge.adapters.passwords import Argon2Passwords


def test_hashes_are_argon2id_with_64_mib_and_match_their_password_only() -> None:
    passwords = Argon2Passwords()
    stored = passwords.hash("one of them")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.hash("one of them") != stored  # salted
    assert passwords.verify(stored, "one of them")
    assert not passwords.verify(stored, "another one")
    assert not passwords.is_outdated(stored)


def test_nothing_matches_an_empty_or_damaged_hash() -> None:
    passwords = Argon2Passwords()
    assert not passwords.verify("", "nobody's")
    assert not passwords.verify("$argon2id$damaged", "x")
