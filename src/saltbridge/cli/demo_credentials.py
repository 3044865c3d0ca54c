"""The demo's dataspace: a test issuer, and the credentials the companies show each other."""

from saltbridge.cli.demo_walk import StepFailed, Walk
from saltbridge.core.identifiers import did_web

_ISSUER = "issuer"


def believe_the_issuer(walk: Walk, port: int) -> None:
    """Set up a test issuer that knows the three companies; each of them believes it.

    Done before the nodes are served, which read their settings at the start.
    """
    members = (f"--member={c.did}={c.bpn}" for c in walk.companies.values())
    walk.run(
        *("test-issuer", "init", str(walk.folder / _ISSUER), "--port", str(port), *members),
        show=False,
    )
    walk.issuer_url = f"http://127.0.0.1:{port}"
    for company in walk.companies.values():
        walk.run(
            *("identity", "trust", did_web(walk.issuer_url), "--mode", "dcp"),
            *("--node", str(company.folder)),
            show=company.key == "supplier",
        )


def companies_get_credentials(walk: Walk, total: int) -> None:
    """Every company asks the issuer, and holds what partners will ask it for."""
    with walk.step("credentials", total):
        folder = str(walk.folder / _ISSUER)
        walk.start(
            _ISSUER, walk.word("issuer"), walk.issuer_url, "/.well-known/did.json",
            "test-issuer", "serve", folder,
        )  # fmt: skip
        for company in walk.companies.values():
            walk.run(
                *("identity", "request", did_web(walk.issuer_url), "--wait", "30"),
                *("--node", str(company.folder)),
                show=company.key == "supplier",
            )
        state = walk.run(
            "identity", "status", "--node", str(walk.companies["cells"].folder), "--json",
            show=False,
        ).json()  # fmt: skip
        if state["missing"] or not all(c["holds"] for c in state["credentials"]):
            raise StepFailed(walk.word("failed.credentials", types=", ".join(state["missing"])))
        for held in state["credentials"]:
            walk.tell(f"{held['type']}, {held['expires'][:10]}", lead="✓ ")
        walk.tell(walk.word("credentials-shown"))
        walk.results["credentials"] = [held["type"] for held in state["credentials"]]
