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
LATER = {"explorer", "neo4j", "language-models", "text", "torch"}  # extras that no code uses yet
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
    return {canonicalize_name(known[package][0]) for package in packages}


def test_every_import_of_the_code_is_declared(project: dict[str, Any]) -> None:
    declared = names(project["project"]["dependencies"])
    optional = names(project["project"]["optional-dependencies"]["graph"])

    assert distributions(imported_by(ROOMS)) - optional == declared


def test_every_import_of_tests_and_benchmarks_is_declared(project: dict[str, Any]) -> None:
    declared = names(project["project"]["dependencies"]) | names(project["dependency-groups"]["dev"])

    assert distributions(imported_by(("tests", "benchmarks", "docs"))) <= declared


def test_the_extras_are_those_that_were_promised(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]

    assert set(extras) == {*LATER, "demo", "graph", "all"}
    assert Requirement(extras["all"][0]).extras == set(extras) - {"all"}


def test_bounds_are_lower_bounds(project: dict[str, Any]) -> None:
    extras = [r for listed in project["project"]["optional-dependencies"].values() for r in listed]
    for requirement in map(Requirement, [*project["project"]["dependencies"], *extras]):
        if requirement.name != "priory":
            assert [s.operator for s in requirement.specifier] == [">="], requirement


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)", line) for line in lines if not line.startswith("#")]
    assert all(pinned), "requirements.txt holds comments and exact pins only"
    return {canonicalize_name(pin[1]): pin[2] for pin in pinned if pin}


def test_everything_that_is_used_is_pinned_within_its_bounds(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    used = [*project["project"]["dependencies"], *extras["demo"], *extras["graph"]]
    found = pins()
    for requirement in map(Requirement, [*used, *project["dependency-groups"]["dev"]]):
        assert found[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_no_pin_is_of_a_package_that_comes_later(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    later = {name for extra in LATER for name in names(extras[extra])}

    assert not later & set(pins())


@pytest.mark.parametrize("name", ["Makefile", ".ci/run", "requirements.txt", "pyproject.toml"])
def test_no_machine_path_and_no_host_is_written_down(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert not re.search(r"https?://|index-url|/home/|/root/|/usr/local|/tmp/", text)


def test_the_licence_is_apache(project: dict[str, Any]) -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert project["project"]["license"] == "Apache-2.0"
    assert "Apache License\n" in licence
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
