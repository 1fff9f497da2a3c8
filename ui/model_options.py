"""The options of commands that may ask a language model, as one value."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from kb.errors import InputError
from ui.face import Face, rater_named

if TYPE_CHECKING:
    from learning.unpackers import Approving
    from unpacking.language_model.unpacker import LanguageModel

__all__ = ["ModelOptions", "model_options"]

LANGUAGE_MODEL = "language-model"


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How a model is asked, and who approves, as typed.

    Attributes:
        unpacker: Who proposes; None for the language model where one is named, else for induction.
        model: Which model; None for the one that ``PRIORY_MODEL`` names.
        mode: free, typed or definitions.
        show_examples: Cases of D that the model is shown.
        temperature: Of its sampling, or ``none``.
        max_tokens: Of one reply.
        window: Tokens that it keeps in view.
        parallel: Proposals under way at once.
        timeout: Seconds to wait for a reply.
        approver: Who approves; several are mixed.
        margin: How close the best two must be for a person to be needed.
    """

    unpacker: str | None
    model: str | None
    mode: str
    show_examples: int
    temperature: str
    max_tokens: int
    window: int | None
    parallel: int
    timeout: float
    approver: tuple[str, ...]
    margin: float | None

    @property
    def is_language_model(self) -> bool:
        """A language model is to propose."""
        return self.unpacker == LANGUAGE_MODEL or (self.unpacker is None and self.model is not None)

    def meant(self) -> str | LanguageModel:
        """Who proposes.

        Raises:
            InputError: No model is named, or a setting is no number.
        """
        if not self.is_language_model:
            if self.model is not None:
                raise InputError(
                    f"{self.unpacker} asks no model.",
                    where="--model",
                    remedy=f"Use --unpacker {LANGUAGE_MODEL}, or leave --model out.",
                )
            return self.unpacker or "induction"
        from learning.unpackers import model_named
        from unpacking.language_model.unpacker import LanguageModel

        return LanguageModel(
            model=model_named(self.model),
            mode=self.mode,  # type: ignore[arg-type]  # click has checked it
            examples=self.show_examples,
            temperature=_temperature(self.temperature),
            max_tokens=self.max_tokens,
            window=self.window,
            parallel=self.parallel,
            timeout=self.timeout,
        )

    def approving(self, face: Face) -> Approving:
        """Who approves; a person is asked at a terminal only."""
        from learning.unpackers import Approving

        person = None
        if any(a.partition("=")[0] == "human" for a in self.approver) and face.is_interactive:
            from ui.approving import person_at_terminal

            person = person_at_terminal(face, rater_named(None))
        return Approving(self.approver, person, self.margin)


def _temperature(written: str) -> float | None:
    if written == "none":
        return None
    try:
        value = float(written)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 2.0:
        raise InputError(
            f"{written!r} is no temperature.", where="--temperature", remedy="Write 0 to 2, or none."
        )
    return value


_OPTIONS = (
    click.option(
        "--unpacker", metavar="NAME", help="Who proposes: induction, or language-model with --model."
    ),
    click.option(
        "--model",
        metavar="SPEC",
        help="openai:NAME, anthropic:NAME, ollama:NAME, local:FILE.gguf or openai-compatible:URL#NAME.",
    ),
    click.option(
        "--mode",
        type=click.Choice(["free", "typed", "definitions"]),
        default="free",
        show_default=True,
        help="Free statements, only what D can test, or definitions.",
    ),
    click.option(
        "--show-examples",
        default=0,
        show_default=True,
        type=click.IntRange(0, 100),
        help="Cases of D that the model is shown, labels included.",
    ),
    click.option("--temperature", default="0.7", show_default=True, help="Of the model's sampling, or none."),
    click.option(
        "--max-tokens", default=1024, show_default=True, type=click.IntRange(16), help="Of one reply."
    ),
    click.option("--window", type=click.IntRange(256), help="Tokens that the model keeps in view."),
    click.option(
        "--parallel", default=3, show_default=True, type=click.IntRange(1, 32), help="Calls at once, at most."
    ),
    click.option(
        "--timeout", default=120.0, show_default=True, type=click.FloatRange(1.0), help="Seconds per call."
    ),
    click.option(
        "--approver",
        multiple=True,
        metavar="WHO",
        help="automatic, human or model:SPEC; several are mixed, with =WEIGHT behind each.",
    ),
    click.option(
        "--margin",
        type=click.FloatRange(0.0, 2.0),
        help="A person chooses where the best two proposals are as close as this.",
    ),
)


def model_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options; it receives them as ``how``. Stands above ``everywhere``."""

    @functools.wraps(command)
    def run(*given: object, **options: object) -> None:
        chosen = {name: options.pop(name) for name in ModelOptions.__slots__}
        command(*given, how=ModelOptions(**chosen), **options)  # type: ignore[arg-type]  # click has checked them

    for option in reversed(_OPTIONS):
        option(run)
    return run
