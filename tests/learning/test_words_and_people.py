"""Words of a tree and what people say of them: import, belief, asking in rounds, and the rooms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kb.address import Address
from kb.conditions import contains
from kb.errors import InputError
from kb.knowledge import KnowledgeBase, Tree
from kb.statements import Draft, Statement
from kb.tables import TaskOptions, prepare_task_from_columns
from learning import chains, reporting, word_vectors
from learning.asking import answer, next_step, questions
from learning.background import background_of
from learning.beliefs import prior_of
from learning.chains import Chain
from learning.comparing import compare
from learning.fitting import Fit, latest_fit, refit
from learning.posterior import posterior
from learning.prior import Belief
from learning.recorded import read_recorded
from learning.rounds import Round, curve_in_words, in_rounds, round_size, simulate
from learning.scorecard import all_on
from learning.side_answers import Said
from learning.sides import WORTH
from learning.word_beliefs import _with_comparisons
from learning.word_importing import import_words
from learning.words_elsewhere import answers_elsewhere

GOOD, BAD, DULL, NEW = ("great", "lovely"), ("awful", "dreary"), ("film", "scene"), "superb"
LEXICON = "".join(
    f"{word}\t0\t0\t[{', '.join([str(v)] * 10)}]\n"
    for word, v in ((GOOD[0], 3), (GOOD[1], 2), (BAD[0], -3), (BAD[1], -2), (NEW, 4), ("zestful", 2))
)


def sentences(n: int, seed: int, *, star: bool) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(n):
        k = i % 2
        words = [str(rng.choice(GOOD if k else BAD)), str(rng.choice(DULL)), f"filler{rng.integers(5)}"]
        if star and k and rng.random() < 0.4:
            words.append(NEW)
        if rng.random() < 0.15:
            words = [f"not {rng.choice(BAD if k else GOOD)}", *words[1:]]
        texts.append("a " + " and ".join(words))
        labels.append(("negative", "positive")[k])
    return texts, labels


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without the package that embeds; what it adds is tested in test_sides."""
    monkeypatch.setattr(word_vectors, "is_embedding_installed", lambda: False)


def tree_of(
    kb: KnowledgeBase, shuffle: int | None = None, more: dict[str, list[float]] | None = None
) -> Tree:
    texts, labels = sentences(80, 0, star=False)
    if shuffle is not None:
        labels = list(np.random.default_rng(shuffle).permutation(labels))
    prepared = prepare_task_from_columns(
        "reviews",
        train={"review": texts, **(more or {}), "verdict": labels},
        predict={
            "review": sentences(60, 1, star=True)[0],
            **{name: values[:60] for name, values in (more or {}).items()},
        },
        target="verdict",
        options=TaskOptions(),
    )
    tree = kb.create(prepared)
    aspect = Statement(Address("0.0"), Draft("The words tell the verdict.", "aspect", columns=("review",)))
    words = [*GOOD, *BAD, *DULL, f"not {GOOD[0]}"]
    said = [
        Statement(
            Address(f"0.0.{i}"),
            Draft(f"It says {word}.", "claim", contains("review", word), columns=("review",)),
        )
        for i, word in enumerate(words)
    ]
    tree.store.put_statements(tree.tree_id, [aspect, *said])
    return tree


@pytest.fixture
def tree(new_kb: Callable[[], KnowledgeBase]) -> Tree:
    return tree_of(new_kb())


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    path = tmp_path / "lexicon.txt"
    path.write_text(LEXICON)
    return path


def believed(tree: Tree) -> dict[str, tuple[float, ...]]:
    """Phrase → τ per class."""
    return believed_in(latest_fit(tree))


def believed_in(fit: Fit) -> dict[str, tuple[float, ...]]:
    assert fit.scorecard.words is not None
    return {
        phrase: tuple(tau)
        for phrase, tau in zip(fit.background.words.phrases, fit.scorecard.words.tau, strict=True)
    }


def test_an_imported_lexicon_sets_words_their_negations_and_those_that_only_dstar_holds(
    tree: Tree, lexicon: Path
) -> None:
    found = import_words(tree, read_recorded(lexicon, tree.task.classes))

    tau = believed(tree)
    k = tree.task.classes.index("positive")
    assert tau[GOOD[0]][k] > 0.7 > 0.3 > tau[GOOD[0]][1 - k]
    assert tau[f"not {GOOD[0]}"][1 - k] > 0.5
    assert tau[NEW][k] > 0.7
    assert found.unknown == ("zestful",)


def test_the_same_file_again_adds_nothing(tree: Tree, lexicon: Path) -> None:
    recorded = read_recorded(lexicon, tree.task.classes)
    import_words(tree, recorded)

    assert import_words(tree, recorded).added == 0


def test_one_rater_of_a_file_is_taken_alone_and_a_stranger_refused(tree: Tree, lexicon: Path) -> None:
    recorded = read_recorded(lexicon, tree.task.classes)

    import_words(tree, recorded, rater="human:vader-2")

    assert {j.rater for j in tree.judgements()} == {"human:vader-2"}
    with pytest.raises(InputError, match="no answer of human:eve"):
        import_words(tree, recorded, rater="human:eve")


def test_raters_of_a_file_that_are_read_one_by_one_are_all_kept(tree: Tree, lexicon: Path) -> None:
    recorded = read_recorded(lexicon, tree.task.classes)

    for rater in ("human:vader-2", "human:vader-3", "human:vader-2"):
        import_words(tree, recorded, rater=rater)

    assert sorted(a.rater for a in answers_elsewhere(tree)) == ["human:vader-2", "human:vader-3"]


def test_ratings_of_words_move_no_switch_of_a_table(tree: Tree, lexicon: Path) -> None:
    before = latest_fit(tree).prior.base
    import_words(tree, read_recorded(lexicon, tree.task.classes))

    assert latest_fit(tree).prior.base == before


def test_a_word_that_only_holds_in_d_is_off(tree: Tree) -> None:
    answer(tree, "0.0.0", rater="human:ada", answer="here")

    assert believed(tree)[GOOD[0]] == (0.0, 0.0)


@pytest.mark.parametrize("address", ["0.0.0", "0.0"])
def test_what_only_holds_in_d_speaks_where_everything_is_as_in_d(tree: Tree, address: str) -> None:
    before = latest_fit(tree)
    place = before.background.words.place[Address("0.0.0")]

    answer(tree, address, rater="human:ada", answer="here")

    after = latest_fit(tree)
    assert after.scorecard.words is not None
    assert after.scorecard.words.tau[place].tolist() == [0.0, 0.0]
    assert all_on(after.scorecard).words.tau[place].tolist() == [1.0, 1.0]  # type: ignore[union-attr]
    assert after.plain.words[place] == pytest.approx(before.plain.words[place], rel=0.05, abs=0.01)


def test_what_was_said_of_a_word_stays_with_it_where_a_chain_puts_it_elsewhere(tree: Tree) -> None:
    answer(tree, "0.0.0", rater="human:ada", side="positive", strength=1.0)
    root, aspect, *words = tree.walk()
    last = len(words) - 1
    turned = tuple(Statement(Address(f"0.0.{last - i}"), s.draft) for i, s in enumerate(words))
    chain = Chain(7, 0.0, (root, aspect, *sorted(turned, key=lambda s: s.address)))
    tree.store.put_document(tree.tree_id, "chains", "all", {"chains": [chain.to_dict()]})

    first = posterior(tree)
    answer(tree, "0.0.0", rater="human:ada", side="neither")
    second = posterior(tree)

    taus = []
    for found in (first, second):
        assert found is not None
        own, other = (believed_in(fit) for fit in found.fits)
        assert own == other
        taus.append(own[GOOD[0]][1])
    assert taus[0] > taus[1]
    assert first is not None
    assert second is not None
    assert not np.array_equal(first.fits[1].points.words, second.fits[1].points.words)


def test_a_word_that_two_rated_statements_name_is_believed_alike_in_every_chain(tree: Tree) -> None:
    """However often the tree or the chain names it, every answer counts once."""
    root, aspect, *words = tree.walk()
    again = Draft("Great, once more.", "claim", contains("review", GOOD[0]), columns=("review",))
    tree.store.put_statements(tree.tree_id, [Statement(Address("0.0.9"), again)])
    for address, side in (("0.0.0", "positive"), ("0.0.9", "neither")):
        answer(tree, address, rater=f"human:{address}", side=side, strength=1.0, fit_now=False)
    twice = Statement(Address("0.0.8"), again)
    body = {
        "chains": [
            Chain(i, 0.0, (root, aspect, *some)).to_dict() for i, some in ((7, words), (8, (*words, twice)))
        ]
    }
    tree.store.put_document(tree.tree_id, "chains", "all", body)

    found = posterior(tree)

    assert found is not None
    own, *others = (believed_in(fit) for fit in found.fits)
    assert own[GOOD[0]][0] < own[GOOD[0]][1] < 0.9  # one for it, one against
    for other in others:
        assert other[GOOD[0]] == pytest.approx(own[GOOD[0]])


def test_a_chain_learns_from_the_same_answers_and_vectors_of_words_as_the_tree(
    tree: Tree, lexicon: Path, new_kb: Callable[[], KnowledgeBase]
) -> None:
    import_words(tree, read_recorded(lexicon, tree.task.classes), silence_is_neither=True)
    vectors = {"zestful": np.full(384, 0.05, dtype=np.float16)}
    word_vectors._keep(tree.store, tree.tree_id, vectors)

    copy = chains._copied(new_kb(), tree)

    assert list(answers_elsewhere(copy)) == list(answers_elsewhere(tree)) != []
    found = word_vectors.vectors_of_tree(copy).of(["zestful"])
    assert found is not None
    assert found[0] == pytest.approx(vectors["zestful"])


def test_unrated_words_are_what_is_worth_doing_next(tree: Tree) -> None:
    assert "priory rate" in next_step(tree)

    for s in tree.walk():
        if s.draft.when:
            answer(tree, s.address, rater="human:ada", side="neither", fit_now=False)

    assert "priory predict" in next_step(tree)


def test_the_root_of_table_and_text_earns_at_least_what_the_words_earn(
    new_kb: Callable[[], KnowledgeBase],
) -> None:
    tree = tree_of(new_kb(), more={"pages": [float(i % 7) for i in range(80)]})
    pages = Draft("Many pages.", "claim", "pages > 5", None, ("pages",))
    tree.store.put_statements(tree.tree_id, [Statement(Address("0.1"), pages)])

    refit(tree)

    found = [tree.statement(Address(a)).measures for a in ("0", "0.0", "0.1")]
    root, words, claim = (float(m.nats_on_D or 0.0) if m else 0.0 for m in found)
    assert root >= max(words, claim) > 5.0
    reach = [float(m.carries_Dstar or 0.0) if m else 0.0 for m in found]
    assert reach[0] >= max(reach[1:]) > 0.5


def test_a_report_says_how_many_words_it_leaves_out(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "MOST_WORDS", 2)
    fit = refit(tree)

    shown, left_out = reporting._worth_showing(tree, fit)

    assert left_out == len(fit.background.words) - 2
    assert len(shown) + left_out == len(list(tree.walk()))


def test_a_plain_credence_speaks_for_every_class_alike(tree: Tree) -> None:
    answer(tree, "0.0.0", rater="human:ada", value=0.95)

    tau = believed(tree)
    assert tau[GOOD[0]][0] == pytest.approx(tau[GOOD[0]][1])
    assert tau[GOOD[0]][0] > tau[GOOD[1]][0]


def test_a_comparison_moves_words_apart(tree: Tree) -> None:
    compare(tree, "0.0.0", "0.0.1", 9.0, rater="human:ada")

    tau = believed(tree)
    assert tau[GOOD[0]][0] > tau[BAD[0]][0] > tau[GOOD[1]][0]


def test_a_comparison_weighs_against_plain_credences_one_by_one() -> None:
    credences = Said(np.zeros(3), np.zeros(2), credence=10.8, credences=12)
    compared = Belief(0.1, 0.1, 0.1, 2, None)

    tau = _with_comparisons(np.array([0.82, 0.82]), credences, compared)

    assert tau == pytest.approx((0.82 * (WORTH + 12) + 2 * 0.1) / (WORTH + 12 + 2))


def test_a_doubted_column_dims_all_its_words(tree: Tree) -> None:
    before = believed(tree)
    answer(tree, "0.0", rater="human:ada", value=0.1)

    after = believed(tree)
    assert all(after[p][0] < 0.5 * before[p][0] for p in before)


def test_other_labels_of_d_leave_all_beliefs_about_words_as_they_are(
    new_kb: Callable[[], KnowledgeBase], lexicon: Path
) -> None:
    found = []
    for shuffle in (None, 1):
        tree = tree_of(new_kb(), shuffle)
        import_words(tree, read_recorded(lexicon, ("negative", "positive")))
        background = background_of(tree)
        card = background.scorecard(
            prior_of(tree, tree.judgements(), background.every), ("negative", "positive")
        ).words
        assert card is not None
        found.append(card.tau.tobytes() + card.stated.tobytes())

    assert found[0] == found[1]


def test_a_side_is_asked_of_a_word_and_its_negation_is_not_asked_about(tree: Tree) -> None:
    asked = [q for q in questions(tree, rater="human:ada") if q.sides]

    assert asked[0].sides == tree.task.classes
    assert len(asked[0].examples_Dstar) == 2
    assert "0.0.6" not in [q.address for q in asked]


def test_an_answer_in_a_round_counts_from_the_next_fit_on(tree: Tree) -> None:
    first = latest_fit(tree)
    change = answer(tree, "0.0.0", rater="human:ada", side="positive", strength=1.0, fit_now=False)

    assert change.changed == 0
    assert refit(tree).prior.said_of_words != first.prior.said_of_words


def test_a_side_that_is_no_class_is_refused(tree: Tree) -> None:
    with pytest.raises(InputError, match="'sad' is no side"):
        answer(tree, "0.0.0", rater="human:ada", side="sad")


def test_a_simulated_session_asks_in_rounds_and_stores_what_was_recorded(tree: Tree, lexicon: Path) -> None:
    recorded = read_recorded(lexicon, tree.task.classes)
    labels = np.array([tree.task.classes.index(v) for v in sentences(60, 1, star=True)[1]])

    rounds = simulate(tree, recorded, most=6, labels=labels)

    said = {j.address: j for j in tree.judgements()}
    assert len(said) == 6
    assert {said[Address(f"0.0.{i}")].answer for i in (4, 5)} == {"neither"}  # the dull ones
    assert said[Address("0.0.4")].rater == "oracle:unlisted"
    assert rounds[-1].answers == 6
    assert rounds[-1].accuracy is not None
    assert rounds[-1].accuracy >= 0.9


def test_rounds_double_and_stop_at_the_budget(tree: Tree) -> None:
    first = latest_fit(tree)
    sizes: list[int] = []

    def ask(asked: list[Address]) -> object:
        sizes.append(len(asked))
        return first

    from collections import Counter

    answers = [n for n, _, _ in in_rounds(first, tree.Dstar, 14, ask, Counter())]  # type: ignore[arg-type]  # the same fit again

    assert answers == [6, 12, 14]  # six words can be asked about
    assert [round_size(n) for n in (0, 10, 20, 40)] == [10, 10, 20, 40]


def test_the_curve_is_told_in_one_line() -> None:
    rounds = [Round(n, 0.7, 1, 9, 0.1, left, acc) for n, acc, left in ((100, 0.79, 0.1), (300, 0.83, 0.004))]

    assert curve_in_words(rounds) == (
        "100 answers: 79 %, 300: 83 % right; the rest changes less than 0.01 nats a case"
    )
