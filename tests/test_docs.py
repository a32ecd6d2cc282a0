"""What the documents name exists: paths, modules, links and constants."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
PACKAGE = TOP / "kubectl_dshell"
DOCUMENTS = [
    *(TOP / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((TOP / "docs").rglob("*.md")),
]
SCRIPTS_OF_USERS = {"runbooks.md"}
"""Documents in which a bare file name is one that the reader makes."""

ROOTS = {path.name for top in (TOP, PACKAGE) for path in top.iterdir() if path.is_dir()} - {".venv"}
SUFFIXES = (".py", ".sh", ".md", ".yaml", ".yml", ".toml", ".typed")
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))


def prose(document: Path) -> str:
    return re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def quoted_words(document: Path) -> list[str]:
    return [word for code in re.findall(r"`([^`\n]+)`", prose(document)) for word in code.split()]


def repository_paths(document: Path) -> list[str]:
    """Words that look like paths of this repository; a bare name counts only with a suffix of ours."""
    words = [word.rstrip(",:") for word in quoted_words(document) if re.fullmatch(r"[\w.*/-]+[,:]?", word)]
    paths = [word for word in words if "/" in word and word.partition("/")[0] in ROOTS]
    if document.name not in SCRIPTS_OF_USERS:
        paths += [word for word in words if "/" not in word and word.endswith(SUFFIXES)]
    return paths


def exists(path: str) -> bool:
    """From the top or from the package; a bare name anywhere. Words in capitals stand for any name."""
    tops = (TOP, PACKAGE)
    if "/" not in path:
        return any(any(top.rglob(path)) for top in (PACKAGE, TOP / "tests", TOP / "docs", TOP / "manifests")) or any(
            TOP.glob(path)
        )
    patterns = (path, re.sub(r"[A-Z]{3,}", "*", path))
    return any(any(top.glob(pattern.rstrip("/"))) for top in tops for pattern in patterns)


def named_modules(document: Path) -> list[str]:
    packages = {path.name for path in PACKAGE.iterdir() if path.is_dir()} | {"kubectl_dshell", "tests", "hack"}
    dotted = [word for word in quoted_words(document) if re.fullmatch(r"[a-z_]+(\.\w+)+", word)]
    return [word for word in dotted if word.partition(".")[0] in packages and not word.endswith(SUFFIXES)]


def imports(name: str) -> bool:
    """Whether it is a module, or something in one."""
    if name.partition(".")[0] not in ("kubectl_dshell", "tests", "hack"):
        name = f"kubectl_dshell.{name}"
    module, _, attribute = name.rpartition(".")
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        try:
            return hasattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError:
            return False


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@each_document
def test_every_path_exists(document: Path) -> None:
    assert [path for path in repository_paths(document) if not exists(path)] == []


@each_document
def test_every_module_exists(document: Path) -> None:
    assert [name for name in named_modules(document) if not imports(name)] == []


@each_document
def test_every_relative_link_resolves(document: Path) -> None:
    lost = []
    for file, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", prose(document)):
        there = document.parent / file if file else document
        if there.is_dir() and not heading:
            continue
        headings = re.findall(r"^#+ (.+)$", prose(there), re.MULTILINE) if there.is_file() else []
        if not there.is_file() or (heading and heading not in map(anchor, headings)):
            lost.append(f"{file}#{heading}")

    assert lost == []


def test_the_documents_name_enough_to_be_worth_checking() -> None:
    """Else the patterns above find nothing, and the tests say nothing."""
    assert len(repository_paths(TOP / "docs/architecture.md")) > 30
    assert len(named_modules(TOP / "docs/architecture.md")) > 8
    assert len(repository_paths(TOP / "CONTRIBUTING.md")) > 30
    assert not exists("kubectl_dshell/no/such.py")
    assert not exists("no_such.sh")
    assert not imports("domain.no_such")


def test_the_glossary_is_short_and_sorted() -> None:
    text = (TOP / "docs/architecture.md").read_text(encoding="utf-8").partition("\n## Glossary\n")[2]
    words = re.findall(r"^\| ([a-z][^|]*?) \| [^|]+ \|$", text.partition("\n## ")[0], re.MULTILINE)[1:]

    assert 10 < len(words) <= 25
    assert words == sorted(words)


def test_every_decision_is_in_the_index() -> None:
    folder = TOP / "docs/decisions"
    linked = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))

    assert linked == sorted(path.name for path in folder.glob("0*.md"))


@pytest.mark.parametrize("page", sorted((TOP / "docs/decisions").glob("0*.md")), ids=lambda path: path.stem)
def test_every_decision_has_the_same_form(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert text.startswith(f"# {int(page.name[:4])}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def constants() -> dict[str, set[float]]:
    """The numbers that are given a name in capitals, by that name."""
    found: dict[str, set[float]] = {}
    for module in PACKAGE.rglob("*.py"):
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                if isinstance(node.value.value, int | float):
                    for name in names:
                        found.setdefault(name, set()).add(float(node.value.value))
    return found


def test_the_time_constants_of_the_protocol_have_the_values_of_the_code() -> None:
    known = constants()
    rows = re.findall(r"^\| [^|]*`([A-Z_]+_SECONDS)`[^|]*\| (\d+) s ", prose(TOP / "docs/protocol.md"), re.MULTILINE)

    assert len(rows) >= 6
    assert [(name, value) for name, value in rows if float(value) not in known.get(name, set())] == []
