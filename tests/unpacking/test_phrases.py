"""From a text column to groups of words, words, and their negations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kb.address import ROOT, Address
from kb.conditions import contains
from kb.knowledge import KnowledgeBase, Tree, open_kb
from kb.tables import TaskOptions, prepare_task_from_columns
from learning.growing import add
from learning.growing_words import add_words, grow_words
from learning.predicting import explain, predict
from learning.search import learn
from unpacking import word_groups
from unpacking.induction import InductionUnpacker
from unpacking.step import propose, situation_of, unpack_step

ENGLISH = {
    "good": "a wonderful film {x}, moving and well played; not boring {y}",
    "bad": "a boring film {x}, dull and badly played; not wonderful {y}",
}
GERMAN = {
    "gut": "ein großartiger Film {x}, schön gespielt, nicht langweilig {y}",
    "schlecht": "ein langweiliger Film {x}, schlecht gespielt, nicht großartig {y}",
}
JAPANESE = {"良": "この映画は面白い{x}最高です{y}", "悪": "この映画はつまらない{x}最低です{y}"}
FILLERS = ["story", "music", "actor", "scene", "light", "sound", "hero", "plot", "city", "river", "train"]


def texts(made: dict[str, str], n: int, seed: int) -> tuple[list[str], list[str]]:
    """n texts and their labels; one in ten says the other side's words."""
    rng = np.random.default_rng(seed)
    labels = [sorted(made)[i] for i in rng.integers(2, size=n)]
    said = [sorted(made)[1 - sorted(made).index(k)] if rng.random() < 0.1 else k for k in labels]
    fill = rng.choice(FILLERS, size=(n, 2))
    return [made[k].format(x=a, y=b) for k, (a, b) in zip(said, fill, strict=True)], labels


@pytest.fixture(autouse=True)
def _no_model_reads_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_groups, "is_embedding_installed", lambda: False)


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with open_kb(f"sqlite:///{tmp_path / 'texts.db'}") as opened:
        yield opened


def tree_of(kb: KnowledgeBase, made: dict[str, str], *, mixed: bool = False, n: int = 120) -> Tree:
    D, y = texts(made, n, 0)
    Dstar, _ = texts(made, 40, 1)
    Dstar = [f"{text}. Superb" for text in Dstar]
    train: dict[str, object] = {"review": D, "verdict": y}
    predict_: dict[str, object] = {"review": Dstar}
    if mixed:
        rng = np.random.default_rng(2)
        classes = sorted(made)
        train["stars"] = [2.0 * classes.index(k) + rng.normal() for k in y]
        predict_["stars"] = rng.normal(size=40)
    options = TaskOptions(types={"review": "text"})
    prepared = prepare_task_from_columns(
        "reviews", train=train, predict=predict_, target="verdict", options=options
    )
    return kb.create(prepared)


def word(tree: Tree, phrase: str) -> str:
    return next(s.address for s in tree.walk() if s.draft.when == contains("review", phrase))


def test_a_text_column_becomes_an_aspect_with_groups_words_and_negations(kb: KnowledgeBase) -> None:
    tree = tree_of(kb, ENGLISH)
    learn(tree)

    aspect = next(s for s in tree.children() if s.kind == "aspect")
    assert aspect.text == "Review tells the verdict."
    assert {s.kind for s in tree.children(aspect.address)} == {"aspect"}
    assert word(tree, "not boring").startswith(word(tree, "boring") + ".")
    assert word(tree, "not wonderful").startswith(word(tree, "wonderful") + ".")
    assert not any("“the”" in s.text for s in tree.walk())


def test_a_negation_may_contradict_its_word(kb: KnowledgeBase) -> None:
    tree = tree_of(kb, ENGLISH)
    learn(tree)

    def speaks_for(phrase: str) -> str:
        points = tree.statement(word(tree, phrase)).points
        return max(points, key=lambda k: points[k])

    assert speaks_for("boring") == "bad"
    assert speaks_for("not boring") == "good"


def test_words_of_dstar_that_the_labelled_cases_never_show_are_there_for_people_to_rate(
    kb: KnowledgeBase,
) -> None:
    tree = tree_of(kb, ENGLISH)
    learn(tree)

    silent = tree.statement(word(tree, "superb"))
    assert silent.text == "The review says “superb”; the labelled cases hardly show it."
    assert set(silent.points.values()) == {0.0}


@pytest.mark.parametrize("made", [ENGLISH, GERMAN, JAPANESE], ids=["English", "German", "Japanese"])
def test_what_is_found_predicts_in_any_language(kb: KnowledgeBase, made: dict[str, str]) -> None:
    tree = tree_of(kb, made)
    learn(tree)
    _, truth = texts(made, 40, 1)

    found = predict(tree)
    guess = [found.classes[i] for i in found.p.argmax(axis=1)]

    assert np.mean([a == b for a, b in zip(guess, truth, strict=True)]) > 0.8


def test_a_german_negation_is_shown_without_english_words(kb: KnowledgeBase) -> None:
    tree = tree_of(kb, GERMAN)
    learn(tree)

    shown = tree.statement(word(tree, "not langweilig"))
    assert shown.text == "The review says “langweilig” after a negation: gut more often."
    assert "“not " not in " ".join(s.text for s in tree.walk())  # the texts hold no such word


def test_a_group_that_was_named_in_english_still_has_its_words(kb: KnowledgeBase) -> None:
    tree = tree_of(kb, {"gut": "kein kaputter Film {x}", "schlecht": "ein öder Film {x} {y}"})
    unpack_step(tree, ROOT, InductionUnpacker(), n=3)
    groups = unpack_step(tree, Address("0.0"), InductionUnpacker(), n=3).children
    at = next(i for i, group in enumerate(groups) if "after a negation" in group.text)
    situation = situation_of(tree, Address(f"0.0.{at}"), seed=0)
    old = re.sub("“([^”]+)” after a negation", r"“not \1”", groups[at].text)
    renamed = replace(situation.statement, draft=replace(situation.statement.draft, text=old))

    (now,), (then,) = (
        InductionUnpacker().propose(each, 1) for each in (situation, replace(situation, statement=renamed))
    )

    assert "“not kaputter”" in old
    assert [c.when for c in then.children] == [c.when for c in now.children] != []


def test_tables_and_texts_speak_together(kb: KnowledgeBase) -> None:
    tree = tree_of(kb, ENGLISH, mixed=True)
    result = learn(tree)

    explained = explain(tree, 0)
    cited = [*explained.because, *explained.switched_off]

    assert result.statements > 20
    assert any("Stars" in c.text for c in cited)
    assert any(c.passage for c in cited)
    low, high = (np.array(ends) for ends in zip(*(explained.bounds or {}).values(), strict=True))
    p = np.array(list(explained.probabilities.values()))
    assert (low <= p + 1e-9).all()
    assert (p <= high + 1e-9).all()


def test_a_search_that_was_stopped_finishes_the_words_later(kb: KnowledgeBase) -> None:
    tree = tree_of(kb, ENGLISH)
    mz = InductionUnpacker()
    unpack_step(tree, tree.statement("0").address, mz)
    aspect = next(s for s in tree.children() if s.kind == "aspect")
    unpack_step(tree, aspect.address, mz)  # groups, but no words yet
    first = tree.children(aspect.address)

    made = grow_words(tree, aspect, mz)

    assert made > 15
    assert [s.address for s in tree.children(aspect.address)] == [s.address for s in first]
    assert grow_words(tree, aspect, mz) == made


def test_groupings_differ_and_hold_every_word_once(kb: KnowledgeBase) -> None:
    tree = tree_of(kb, ENGLISH)
    mz = InductionUnpacker()
    unpack_step(tree, tree.statement("0").address, mz)
    aspect = next(s for s in tree.children() if s.kind == "aspect")

    proposals = propose(tree, aspect.address, mz, n=3, seed=0)

    assert len(proposals) == 2
    assert all(not p.problems for p in proposals)
    assert any("far more often in the cases to predict" in c.text for c in proposals[1].children)


def test_a_group_by_a_persons_hand_holds_the_words_that_its_condition_names(kb: KnowledgeBase) -> None:
    tree = tree_of(kb, ENGLISH)
    mz = InductionUnpacker()
    unpack_step(tree, tree.statement("0").address, mz)
    aspect = next(s for s in tree.children() if s.kind == "aspect")
    named = "contains(review, 'dull') OR contains(review, 'moving')"
    group = add(tree, aspect.address, "How it feels to sit there.", when=named, kind="aspect", by="human:ada")

    unpack_step(tree, group.address, mz)

    assert [s.draft.when for s in tree.children(group.address)] == [
        "contains(review, 'dull')",
        "contains(review, 'moving')",
    ]


def test_words_that_people_bring_along_are_added_where_a_text_holds_them(kb: KnowledgeBase) -> None:
    tree = tree_of(kb, ENGLISH)
    learn(tree)

    added, unknown = add_words(tree, "review", ["moving and", "Moving", "unheard"], by="human:ada")

    assert [s.draft.when for s in added] == ["contains(review, 'moving and')"]
    assert unknown == ["unheard"]


def test_an_empty_text_column_supports_nothing(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(0)
    y = [["a", "b"][i] for i in rng.integers(2, size=60)]
    prepared = prepare_task_from_columns(
        "empty",
        train={"note": ["x", *[""] * 59], "size": rng.normal(size=60), "y": y},
        predict={"note": ["", "y"], "size": [0.0, 1.0]},
        target="y",
        options=TaskOptions(types={"note": "text"}),
    )
    tree = kb.create(prepared)
    learn(tree)
    assert not any("note" in s.draft.columns for s in tree.walk())
    assert predict(tree).p.shape == (2, 2)
