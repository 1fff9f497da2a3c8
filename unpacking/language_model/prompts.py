"""Prompts: files with a version, filled with data that can't pass for instructions.

A prompt file is ``name.md`` in ``unpacking/prompts``: a first line ``version: N``, what the model is told to
do, a line ``--- data ---``, and what it is told to do it with. ``$name`` stands for what is filled in. All
data stand between two marks that hold a hash of what is between them, so no text can hold its own end.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Template

__all__ = ["Prompt", "fenced", "prompt_named"]

_FILE = re.compile(r"version: (\d+)\n(.+)\n--- data ---\n(.+)", re.DOTALL)
_EMPTY = re.compile(r"\n{3,}")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt file.

    Attributes:
        name: The file's name without its ending.
        version: Grows with every change that is published.
        digest: Of the file's content, so that an edited prompt is told from the published one.
        system: What the model is told to do.
        data: What it is told to do it with.
    """

    name: str
    version: int
    digest: str
    system: str
    data: str

    @property
    def label(self) -> str:
        """Names prompt, version and content in a record."""
        return f"{self.name}@{self.version} {self.digest}"

    def filled(self, told: Mapping[str, str], data: Mapping[str, str]) -> tuple[str, str]:
        """The two messages: instructions, and the fenced data.

        Args:
            told: For the instructions: our own words only.
            data: For the data: anybody's words.

        Raises:
            KeyError: Something that the file asks for is not given.
        """
        system = Template(self.system).substitute(told)
        filled = Template(self.data).substitute({k: _plain(v) for k, v in data.items()})
        return _EMPTY.sub("\n\n", system), fenced(re.sub(r"\n{2,}", "\n", filled).strip())


@cache
def prompt_named(name: str) -> Prompt:
    """The prompt in the file of that name."""
    written = resources.files("unpacking.prompts").joinpath(f"{name}.md").read_text("utf-8")
    found = _FILE.fullmatch(written.strip())
    if found is None:
        raise ValueError(f"unpacking/prompts/{name}.md has no version, or no line between its two parts")
    digest = hashlib.blake2b(written.strip().encode(), digest_size=4).hexdigest()
    return Prompt(name, int(found[1]), digest, found[2].strip(), found[3].strip())


def fenced(text: str) -> str:
    """The text between two marks that it can't hold itself: they are a hash of it.

    >>> fenced("Birds fly.").splitlines()[1]
    'Birds fly.'
    """
    mark = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return f"<data {mark}>\n{text}\n</data {mark}>"


def _plain(text: str) -> str:
    """Without letters that nobody sees."""
    return _INVISIBLE.sub("", text)
