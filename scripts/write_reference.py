"""Write the generated part of the reference pages anew, from the code they describe.

The prose above the tables of ``docs/reference/inventory.md`` stays as it is; a test compares
the tables with the code.
"""

from pathlib import Path

from saltbridge.formats.inventory_reference import schema_markdown

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "inventory.md"


def main() -> None:
    tables = schema_markdown()
    heading = tables.partition("\n")[0]
    prose, found, _ = PAGE.read_text(encoding="utf-8").partition(f"\n{heading}\n")
    if not found:
        raise SystemExit(f"{PAGE.name} has no line {heading!r}: where do its tables begin?")
    PAGE.write_text(f"{prose}\n{tables}", encoding="utf-8")
    print(f"Wrote {PAGE}")


if __name__ == "__main__":
    main()
