"""Words in the terminal: sides, comparisons, recorded raters, and the demo's data."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from click.testing import Result

from kb.errors import InputError
from kb.knowledge import open_kb
from learning import word_vectors
from tests.ui.conftest import called, write_table
from ui.answers import SideReply, read_side
from ui.domains import INNER, LEXICON, SDIST, fetched_sdist, lexicon_of, read_domains

SIDES = ("negative", "positive")
RATED = "".join(f"{word}\t{v}\t0\t{[v] * 10}\n" for word, v in (("awful", -3), ("lovely", 3)))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2 3", SideReply("positive", 0.75)),
        ("neg", SideReply("negative", 0.5)),
        ("POSITIVE 1", SideReply("positive", 0.25)),
        ("n", None),
        ("skip", None),
        ("?", None),
    ],
)
def test_a_class_is_named_by_number_or_by_the_start_of_its_name(typed: str, said: SideReply | None) -> None:
    assert read_side(typed, SIDES) == said


@pytest.mark.parametrize("typed", ["3", "2 9", "good", "2 1 1"])
def test_what_names_no_class_is_refused_with_the_choices(typed: str) -> None:
    with pytest.raises(InputError, match="1 negative, 2 positive"):
        read_side(typed, SIDES)


_SAID = [(kind, what) for kind in ("a lovely", "an awful") for what in ("film", "scene", "plot")]


@pytest.fixture
def kb(tmp_path: Path) -> str:
    """A tree over sentences, unpacked to its words."""
    words = [f"{kind} {what} number {i}" for i, (kind, what) in enumerate(_SAID * 10)]
    train: list[dict[str, object]] = [{"text": w, "y": SIDES["lovely" in w]} for w in words]
    predict: list[dict[str, object]] = [{"text": f"{w} and food"} for w in words[:20]]
    url = f"sqlite:///{tmp_path / 'words.db'}"
    train_file, predict_file = tmp_path / "train.csv", tmp_path / "predict.csv"
    write_table(train_file, train)
    write_table(predict_file, predict)
    ran(
        "new",
        "words",
        "--train",
        train_file,
        "--predict",
        predict_file,
        "--target",
        "y",
        "--type",
        "text=text",
        "--kb",
        url,
    )
    ran("add", "0", "It says lovely.", "--when", "contains(text, 'lovely')", "--kb", url)
    ran("add", "0", "It says awful.", "--when", "contains(text, 'awful')", "--kb", url)
    return url


def ran(*arguments: object, stdin: str | None = None) -> Result:
    found = called(*arguments, stdin=stdin)
    assert found.exit_code == 0, found.output
    return found


def test_a_session_asks_which_class_a_word_speaks_for_and_tells_the_curve(kb: str) -> None:
    found = ran("rate", "--rater", "ada", "--kb", kb, stdin="0\n2 4\n1 4\n")

    assert "What does it speak for in the cases to predict?" in found.output
    assert "1 negative, 2 positive, n neither" in found.output
    assert "2 answers:" in found.output
    with open_kb(kb) as opened:
        said = [j for j in opened.tree("words").judgements() if j.kind == "rating"]
    assert sorted((str(j.details["side"]), j.details["strength"]) for j in said) == [
        ("negative", 1.0),
        ("positive", 1.0),
    ]


def test_recorded_raters_are_replayed(kb: str, tmp_path: Path) -> None:
    file = tmp_path / "lexicon.txt"
    file.write_text(RATED)

    found = ran("rate", "--simulate", file, "--limit", "2", "--json", "--kb", kb)

    (only,) = json.loads(found.stdout)["rounds"]
    assert only["answers"] == 2
    with open_kb(kb) as opened:
        assert all(j.rater.startswith("human:vader-") for j in opened.tree("words").judgements())


def test_unknown_words_are_listed_and_the_rest_imported(kb: str, tmp_path: Path) -> None:
    file = tmp_path / "words.csv"
    file.write_text("word,rater,value\nlovely,human:ada,3\nunheard,human:ada,2\n")

    found = ran("rate", "--from", file, "--kb", kb)

    assert "1 rating added" in found.output
    assert "no such statement here: unheard" in found.output


def test_without_a_model_that_reads_words_a_rater_is_told(kb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_vectors, "is_embedding_installed", lambda: False)

    found = ran("rate", "0.0", "80", "--kb", kb)

    assert "No model that reads words is installed" in found.output


def test_two_statements_are_compared_and_a_contradiction_is_shown(kb: str) -> None:
    ran("add", "0", "It says food.", "--when", "contains(text, 'food')", "--kb", kb)
    ran("compare", "0.0", "0.1", "3", "--kb", kb)
    ran("compare", "0.1", "0.2", "3", "--kb", kb)

    found = ran("compare", "0.2", "0.0", "9", "--kb", kb)

    assert "off by a factor of 81" in found.output
    assert "0.0 to 0.1 is 3 : 1" in found.output
    checked = json.loads(ran("compare", "--json", "--kb", kb).stdout)
    assert checked["comparisons"] == 3
    assert checked["worst"]["adds_up"] is False


def test_half_a_comparison_is_a_usage_error(kb: str) -> None:
    found = called("compare", "0.0", "--kb", kb)

    assert found.exit_code == 2
    assert "Give FIRST, SECOND and RATIO" in found.output


def packed(path: Path, truth: str, ratings: str) -> Path:
    """A source distribution with one text per line in every domain."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        for stem in ("amazonReviewSnippets", "movieReviewSnippets", "tweets", "nytEditorialSnippets"):
            for part, text in (("GroundTruth", truth), ("anonDataRatings", ratings)):
                _put(archive, f"hutto/{stem}_{part}.txt", text.encode())
    with tarfile.open(path, mode="w:gz") as archive:
        _put(archive, INNER, inner.getvalue())
        _put(archive, LEXICON, RATED.encode())
    return path


def _put(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def test_each_texts_raters_are_dealt_into_truth_and_people(tmp_path: Path) -> None:
    texts = (
        (1, 3.0, "A fine thing"),
        (2, -2.0, "A poor thing"),
        (3, 0.0, "A thing"),
        (4, 1.0, "Not its mean"),
    )
    truth = "".join(f"{i}\t{mean}\t{text}\n" for i, mean, text in (*texts, (5, 3.0, "A fine thing")))
    ratings = "".join(
        f"{i}\t{m}\t0\t{[v] * 6}\n" for i, m, v in ((1, 3, 3), (2, -2, -2), (3, 0, 0), (4, 1, 4), (5, 3, 3))
    )

    found = read_domains(packed(tmp_path / SDIST, truth, ratings))

    tweets = found["tweets"]
    assert tweets.texts == (
        "A fine thing",
        "A poor thing",
    )  # no clear truth, wrong mean and repeats are left out
    assert tweets.labels == ["positive", "negative"]
    assert [len(p) for p in tweets.people] == [3, 3]


def test_a_file_that_lies_there_is_not_fetched_again(tmp_path: Path) -> None:
    path = packed(tmp_path / SDIST, "", "")

    assert fetched_sdist(tmp_path) == path
    assert lexicon_of(path, tmp_path).read_text() == RATED


def test_another_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / SDIST
    with tarfile.open(path, mode="w:gz"):
        pass

    with pytest.raises(InputError, match="does not hold"):
        read_domains(path)
    path.write_bytes(b"no archive")
    with pytest.raises(InputError, match="no source distribution"):
        read_domains(path)


def test_the_demo_wants_two_domains() -> None:
    found = called("demo", "domains", "--source", "films", "--target", "films")

    assert found.exit_code == 2
    assert "the same domain" in found.output
