"""The reference page of the terms of an offer, from the table that reads them."""

from collections.abc import Iterator

from saltbridge.exchange.operands import OPERANDS, Kind, Operand
from saltbridge.formats.offer_terms import MEMBERS
from saltbridge.locales import text


def terms_markdown(generated: str) -> str:
    """The whole page; ``generated`` says who writes it."""
    return "\n".join(_lines(generated)) + "\n"


def _lines(generated: str) -> Iterator[str]:
    yield from (
        "# Terms of an offer",
        "",
        "What a file for `saltbridge publish … --terms FILE` may hold (TOML, no tables; "
        "[how to](../how-to/terms-and-doctor.md)). Everything may be left out. Each member "
        "becomes a term of the access policy or the usage policy of CX-0152; a value of the "
        "standard may stand in full instead of its short word. Which terms exclude each other "
        "is checked.",
        "",
        generated,
        "",
        "| Member | Part | Operand of CX-0152 | Values |",
        "|---|---|---|---|",
        "| `purpose` | permitted | `UsagePurpose` | `pcf`, `passport`, `twins`, or one of the "
        "standard; without: the usual one of the document |",
        "| `framework` | permitted | `FrameworkAgreement` | `DataExchangeGovernance:1.0` |",
        "| `members_only` | permitted, seen by | `Membership` | `true` (usual), `false` |",
    )
    for name, row in MEMBERS.items():
        operand = OPERANDS[row.operand]
        operator = row.operator or operand.operators[0]
        words = ", ".join(f"`{word}`" for word in row.words) or _kind_of_value(operand)
        if name == "use_until":
            words += ", or `unlimited` (`DataUsageEndDefinition`)"
        if operand.kind is Kind.TEXTS:
            words = f"list of: {words}"
        yield (
            f"| `{name}` | {text(f'policy.part.{row.where}')} | `{row.operand}` {operator} "
            f"| {words} |"
        )


def _kind_of_value(operand: Operand) -> str:
    if operand.kind is Kind.DATE:
        return "a moment with its zone, `2027-12-31T12:00:00Z`"
    if operand.kind is Kind.NUMBER:
        return "a whole number"
    return "BPNL of a company" if operand.pattern else "text"
