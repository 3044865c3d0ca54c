"""A person's browser for tests: keeps cookies, sends forms from the page they stand on."""

import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.testclient import TestClient

from saltbridge.ports import World
from saltbridge.testing.people import PASSWORD

_HIDDEN = re.compile(r'<input type="hidden" name="form_word" value="([^"]*)">')


class Browser:
    """One browser at one node. ``http`` is the client below, for what no browser would do."""

    def __init__(self, application: Any, world: World) -> None:
        self.origin = world.node.base_url
        self.http = TestClient(
            application,
            base_url=self.origin,
            follow_redirects=False,
            raise_server_exceptions=False,
        )

    def sign_in(self, name: str, password: str = PASSWORD) -> "Browser":
        """Sign in through the form; returns the browser, signed in or not."""
        self.answer = self.post("/sign-in", {"name": name, "password": password, "next": ""})
        return self

    @property
    def cookies(self) -> dict[str, str]:
        """What the browser keeps."""
        return {c.name: c.value or "" for c in self.http.cookies.jar}

    def plant(self, cookies: Mapping[str, str]) -> None:
        """Put cookies there, as somebody who stole or made them up."""
        host = urlsplit(self.origin).hostname or ""
        for name, value in cookies.items():
            self.http.cookies.set(name, value, domain=host, path="/")

    def get(self, path: str, **headers: str) -> Any:
        """The answer to a look at a page."""
        return self.http.get(path, headers=headers)

    def post(self, path: str, fields: Mapping[str, str | Sequence[str]], **headers: str) -> Any:
        """The answer to a form sent as these fields from a page of this node."""
        return self.http.post(
            path,
            content=urlencode(fields, doseq=True),
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "origin": self.origin,
                **headers,
            },
        )

    def submit(
        self, path: str, fields: Mapping[str, str | Sequence[str]], *, page: str = ""
    ) -> Any:
        """The answer to a form of the page at ``page`` (else ``path``), its word included."""
        return self.post(path, {"form_word": self.form_word(page or path), **fields})

    def form_word(self, page: str) -> str:
        """The word in the forms of a page; empty where there is none."""
        found = _HIDDEN.search(self.get(page).text)
        return unescape(found.group(1)) if found else ""
