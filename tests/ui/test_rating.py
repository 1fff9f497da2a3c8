"""A rating session, driven by a script: what it asks, what it stores, and how it ends."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from kb.address import Address
from learning.asking import Change, Question
from ui.rating import Ended, RatingSession


def question(
    address: str, text: str, *, kind: str = "rating", nats: float = 0.3, path: str = "aspect"
) -> Question:
    labelled: tuple[dict[str, object], ...] = (
        {"bill": 3.5, "island": "Dream"},
        {"island": "Biscoe"},
        {"island": "third"},
    )
    return Question(
        kind,
        Address(address),
        text,
        path=("root", path),
        examples_D=labelled,
        examples_Dstar=({"island": None},),
        nats=nats,
    )


@dataclass
class Asked:
    """Asks fixed questions and keeps what it is told."""

    open: list[Question]
    said: list[dict[str, Any]] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)

    def questions(self, tree: object, *, rater: str, limit: int = 20) -> list[Question]:  # noqa: ARG002
        answered = {s["address"] for s in self.said if s["id"] not in self.undone}
        return [q for q in self.open if q.address not in answered][:limit]

    def answer(self, tree: object, asked: Question, *, rater: str, **said: Any) -> Change:  # noqa: ARG002
        given = {"id": f"j{len(self.said)}", "address": asked.address, "rater": rater, **said}
        self.said.append(given)
        return Change(61, 1460, given["id"])

    def undo(self, tree: object, judgement_id: str, *, rater: str) -> None:  # noqa: ARG002
        self.undone.append(judgement_id)

    @property
    def standing(self) -> list[dict[str, Any]]:
        return [s for s in self.said if s["id"] not in self.undone]


TASK = question("0", "Are they drawn and labelled alike?", kind="task")
ISLAND = question("0.0", "The island tells the species.")
FLIPPER = question("0.1", "Flipper length tells the species.")


class Interrupting(io.StringIO):
    """Typed lines, of which ``^C`` is the key."""

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # of its bytes ancestor
        line = super().readline(-1 if size is None else size)
        if line == "^C\n":
            raise KeyboardInterrupt
        return line


def ticking() -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += 7.0


def held(
    asked: Asked, typed: str, *, most: int | None = None, about: str = "birds elsewhere"
) -> tuple[Ended, str]:
    """Hold a session over what was typed; returns how it ended and what stood on the screen."""
    screen, clock = io.StringIO(), ticking()
    island = SimpleNamespace(draft=SimpleNamespace(columns=("island",)))
    tree: Any = SimpleNamespace(
        task=SimpleNamespace(about_predict=about), statement=lambda address: island if address else None
    )
    talk = Console(file=screen, width=100, markup=False, highlight=False, emoji=False)
    session = RatingSession(
        tree, "human:ada", asked, Interrupting(typed), talk, most=most, clock=lambda: next(clock)
    )
    return session.run(), screen.getvalue()


def test_each_kind_of_answer_is_stored_with_its_time() -> None:
    asked = Asked([TASK, ISLAND, FLIPPER, question("0.2", "C"), question("0.3", "D")])
    ended, _ = held(asked, "2\nn\nh\ns\nf not a sentence\n")

    assert [(s["address"], s["answer"], s["value"]) for s in asked.said] == [
        ("0", "credence", 0.02),
        ("0.0", "neither", None),
        ("0.1", "here", None),
        ("0.2", "skip", None),
        ("0.3", "flag", None),
    ]
    assert asked.said[4]["note"] == "not a sentence"
    assert {s["seconds"] for s in asked.said} == {7.0}
    assert {s["rater"] for s in asked.said} == {"human:ada"}
    assert len({s["session"] for s in asked.said}) == 1
    assert ended == Ended("asked", 5, 35.0)


def test_a_statement_is_shown_in_its_domain_and_the_answer_shows_what_it_changed() -> None:
    _, screen = held(Asked([ISLAND]), "5\n")

    assert "The island tells the species." in screen
    assert "aspect" in screen
    assert screen.count("in D ") == 2
    assert "island Dream · bill 3.5" in screen
    assert "island missing" in screen
    assert "Will this also hold for birds elsewhere?" in screen
    assert "→ 61 of 1,460 predictions changed" in screen


def test_nothing_is_preset() -> None:
    asked = Asked([ISLAND])
    ended, screen = held(asked, "\n\n")

    assert asked.said == []
    assert ended.how == "stopped"
    assert "50" not in screen.replace("0–100", "")


def test_a_wrong_answer_is_explained_and_asked_again() -> None:
    asked = Asked([ISLAND])
    _, screen = held(asked, "maybe\n120\n.5\n80\n")

    assert [s["value"] for s in asked.said] == [0.8]
    assert "is no answer" in screen
    assert "above 100" in screen


def test_a_note_is_kept_with_the_answer() -> None:
    asked = Asked([ISLAND])
    held(asked, "note ask Bob\nnote twice\n80\n")

    assert asked.said[0]["note"] == "ask Bob twice"


def test_a_flag_wants_a_reason() -> None:
    asked = Asked([ISLAND])
    _, screen = held(asked, "f\nf two claims in one\n")

    assert [(s["answer"], s["note"]) for s in asked.said] == [("flag", "two claims in one")]
    assert "what is wrong" in screen


def test_undo_takes_the_last_answer_back_and_asks_again() -> None:
    asked = Asked([ISLAND, FLIPPER])
    ended, screen = held(asked, "80\nu\n5\n90\n")

    assert asked.undone == ["j0"]
    assert [(s["address"], s["value"]) for s in asked.standing] == [("0.0", 0.05), ("0.1", 0.9)]
    assert ended.answers == 2
    assert "taken back" in screen


def test_undo_reaches_back_through_several_answers() -> None:
    asked = Asked([TASK, ISLAND, FLIPPER])
    held(asked, "1\n2\nu\nu\n3\n4\n5\n")

    assert [(s["address"], s["value"]) for s in asked.standing] == [("0", 0.03), ("0.0", 0.04), ("0.1", 0.05)]


def test_undo_with_nothing_to_undo_says_so() -> None:
    asked = Asked([ISLAND])
    _, screen = held(asked, "u\n5\n")

    assert "nothing to undo" in screen
    assert len(asked.standing) == 1


def test_a_skipped_question_does_not_come_back() -> None:
    asked = Asked([ISLAND, FLIPPER])
    ended, screen = held(asked, "s\n90\n")

    assert screen.count("The island tells") == 1
    assert ended.how == "asked"


@pytest.mark.parametrize(
    ("typed", "how"),
    [("5\n", "stopped"), ("5\nq\n", "stopped"), ("5\n^C\n", "interrupted"), ("5\n9", "asked")],
)
def test_however_it_ends_the_answers_given_stand(typed: str, how: str) -> None:
    asked = Asked([ISLAND, FLIPPER])
    ended, _ = held(asked, typed)

    assert ended.how == how
    assert asked.standing[0]["value"] == 0.05


def test_it_stops_after_as_many_questions_as_were_asked_for() -> None:
    asked = Asked([TASK, ISLAND, FLIPPER])
    ended, screen = held(asked, "1\n2\n3\n", most=2)

    assert len(asked.said) == 2
    assert ended.how == "asked"
    assert "1 of 2" in screen


def test_it_says_when_further_answers_hardly_matter() -> None:
    small = question("0.2", "Small.", nats=0.004)
    _, screen = held(Asked([ISLAND, small, question("0.3", "Smaller.", nats=0.001)]), "5\n6\n7\n")

    assert screen.count("You can stop") == 1
    assert screen.index("You can stop") < screen.index("Small.")


def test_hostile_statements_can_not_act_on_the_terminal() -> None:
    hostile = question("0.0", "\x1b[2Jgone \u202e[red]not red[/red]\n\n", path="\x1b]0;t\x07")
    _, screen = held(Asked([hostile]), "5\n", about="\x1b[31mbirds")

    assert "\x1b" not in screen
    assert "\u202e" not in screen
    assert "[red]not red[/red]" in screen
