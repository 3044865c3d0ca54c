"""House rules that no general linter knows. Prints every breach; exit 1 if there is one.

- no machine path and no package registry's address in any tracked file;
- rooms from ``formats`` down, and ``accounts``, never open files, ask the clock or roll dice;
- modules stay short enough to be read in one sitting;
- every room has a README, and no package is empty.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PURE_ROOMS = (
    "core", "trust", "footprint", "passport", "exchange", "border", "formats", "accounts",
)  # fmt: skip
BANNED_IMPORTS = {
    "http", "urllib.request", "httpx2", "requests", "socket", "ssl", "sqlite3", "sqlalchemy",
    "subprocess", "os", "random", "secrets", "time", "pathlib", "fastapi", "starlette",
}  # fmt: skip
BANNED_CALLS = {"open", "datetime.now", "datetime.utcnow", "date.today", "datetime.today"}
MAX_LINES = 500
# Pieces are joined here, so that this file does not hold what it forbids.
FORBIDDEN_TEXT = re.compile(
    "|".join(
        (
            r"/wor" + r"k/(main|shared|steering|\.library|\.mirror)",
            r"/roo" + r"t/",
            "pyp" + r"i\.org",
            "python" + r"hosted\.",
            "registry" + r"\.npmjs",
            "repo1?" + r"\.maven",
            "deb" + r"\.debian\.",
        )
    )
)


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def forbidden_text(files: list[Path]) -> list[str]:
    breaches = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if match := FORBIDDEN_TEXT.search(line):
                breaches.append(f"{path.relative_to(ROOT)}:{number}: names {match.group()!r}")
    return breaches


def impure(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in BANNED_CALLS:
                found.append((node.lineno, f"calls {called}"))
        for name in names:
            if name in BANNED_IMPORTS or name.split(".")[0] in BANNED_IMPORTS - {"http"}:
                found.append((node.lineno, f"imports {name}"))
    return [f"{path.relative_to(ROOT)}:{line}: {what} in a pure room" for line, what in found]


def main() -> int:
    files = tracked_files()
    breaches = forbidden_text(files)
    source = ROOT / "src" / "saltbridge"
    for room in PURE_ROOMS:
        for path in sorted((source / room).rglob("*.py")):
            breaches += impure(path)
    for path in files:
        if path.suffix == ".py":
            length = len(path.read_text(encoding="utf-8").splitlines())
            if length > MAX_LINES:
                breaches.append(f"{path.relative_to(ROOT)}: {length} lines (limit {MAX_LINES})")
    for room in sorted(p for p in source.iterdir() if (p / "__init__.py").is_file()):
        if not (room / "README.md").is_file():
            breaches.append(f"{room.relative_to(ROOT)}: has no README.md")
    for init in sorted(source.rglob("__init__.py")):
        others = [p for p in init.parent.iterdir() if p.name not in (init.name, "__pycache__")]
        if not others and not init.read_text(encoding="utf-8").strip():
            breaches.append(f"{init.parent.relative_to(ROOT)}: an empty package")
    print("\n".join(breaches) or "House rules: kept")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
