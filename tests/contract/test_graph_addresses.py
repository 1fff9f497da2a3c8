"""URLs of graph databases: what they name, who asks, and that no password ever shows."""

from __future__ import annotations

import pytest

pytest.importorskip("neo4j", reason="the extra neo4j is not installed")

from kb.stores.neo4j.addresses import graph_address
from kb.stores.neo4j.faults import BadStoreAddressError
from kb.stores.opening import graph_url, open_store

SECRET = "s3cr3t/@:#"
WRITTEN = "s3cr3t%2F%40%3A%23"


@pytest.fixture(autouse=True)
def _nobody_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEO4J_USERNAME", raising=False)
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)


@pytest.mark.parametrize(
    ("url", "uri", "database"),
    [
        ("neo4j://host", "neo4j://host:7687", "neo4j"),
        ("neo4j://host:7777/", "neo4j://host:7777", "neo4j"),
        ("bolt://host/birds", "bolt://host:7687", "birds"),
        ("neo4j+s://db.example.org/birds", "neo4j+s://db.example.org:7687", "birds"),
        ("neo4j+ssc://10.0.0.1/birds", "neo4j+ssc://10.0.0.1:7687", "birds"),
        ("bolt+s://[::1]:7688/birds", "bolt+s://[::1]:7688", "birds"),
        ("neo4j://host/birds?policy=eu", "neo4j://host:7687?policy=eu", "birds"),
        ("NEO4J://host/two%20words", "neo4j://host:7687", "two words"),
    ],
)
def test_the_database_is_read_off_the_url(url: str, uri: str, database: str) -> None:
    assert graph_url(url) == url
    address = graph_address(url)
    assert (address.uri, address.database, address.user, address.password) == (uri, database, "", None)


@pytest.mark.parametrize(
    "url",
    [
        "neo4j://",
        "neo4j:///birds",
        "neo4j://host:port",
        "neo4j://host:99999",
        "neo4j://host/a/b",
        "bolt://host?policy=eu",
        "http://host",
        f"neo4j://ada:{SECRET}@host",  # not percent-encoded: where the password ends can't be known
        f"neo4j://ada:{WRITTEN}@",
        f"neo4j://ada:{WRITTEN}@host:port",
    ],
)
def test_a_url_that_names_no_database_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadStoreAddressError) as caught:
        graph_address(url)
    said = f"{caught.value} {caught.value.to_dict()} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert "s3cr3t" not in said
    assert caught.value.remedy


def test_user_and_password_come_from_the_url_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    address = graph_address(f"neo4j://ada:{WRITTEN}@host")
    assert (address.user, address.password) == ("ada", SECRET)
    monkeypatch.setenv("NEO4J_PASSWORD", "of the environment")
    assert graph_address(f"neo4j://ada:{WRITTEN}@host").password == SECRET
    assert graph_address("neo4j://ada@host").password == "of the environment"
    assert graph_address("neo4j://host").user == "neo4j"
    monkeypatch.setenv("NEO4J_USERNAME", "bo")
    address = graph_address("neo4j://host")
    assert (address.user, address.password) == ("bo", "of the environment")


def test_the_password_of_one_user_is_not_given_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_USERNAME", "bo")
    monkeypatch.setenv("NEO4J_PASSWORD", "of bo")
    assert graph_address("neo4j://ada@host").password is None


def test_a_password_that_nobody_gave_is_asked_for() -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "typed"

    assert graph_address("neo4j://ada@host", ask=ask).password == "typed"
    assert asked == ["Password of ada at neo4j://host:7687/neo4j"]
    assert graph_address("neo4j://host", ask=ask).password is None
    assert graph_address("neo4j://ada:given@host", ask=ask).password == "given"
    assert len(asked) == 1


def test_an_address_shows_no_password() -> None:
    address = graph_address(f"neo4j://ada:{WRITTEN}@host/birds")
    assert "s3cr3t" not in repr(address)
    assert address.shown == "neo4j://host:7687/birds"


def test_a_scheme_in_capitals_opens_the_same_store() -> None:
    with pytest.raises(BadStoreAddressError):
        open_store("NEO4J://")
