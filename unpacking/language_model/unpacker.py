"""The unpacker that asks a language model. It proposes; it decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kb.errors import InputError, StoppedError
from kb.knowledge import Tree
from kb.records import Cost, Proposal
from unpacking.checks import ask_at_once, checked, without_problems
from unpacking.language_model.modes import MODES, NAME, MalformedError, Mode, ModeName, json_in
from unpacking.language_model.prompts import prompt_named
from unpacking.language_model.requests import Request, Response
from unpacking.language_model.sending import Asked, ready
from unpacking.language_model.showing import Room, fitted, shown_path
from unpacking.language_model.specs import LOCAL, parse_spec
from unpacking.language_model.spending import Spending
from unpacking.protocol import Situation

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

__all__ = ["LanguageModel", "LanguageModelUnpacker", "room_of"]

TRIES = 3  # of one proposal, while its replies can't be read
SEEDS_A_STEP = 1_000
COLUMNS_LOCAL, COLUMNS_HOSTED = 6, 24  # that the typed grammar offers at once


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A language model as an unpacker: which one, and how it is asked.

    Attributes:
        model: Such as ``openai:gpt-5-mini``, ``local:FILE.gguf`` or ``openai-compatible:URL#NAME``.
        mode: ``free`` statements, the ``typed`` grammar (only what D can test), or ``definitions``.
        examples: Cases of D that are shown with their labels; 0 sends no case to anybody.
        temperature: Of the sampling; None leaves it to the provider.
        max_tokens: That one reply may have.
        window: Tokens that the model keeps in view; None for what is known of it.
        parallel: Proposals under way at once.
        timeout: Seconds to wait for a reply.
        chat: A chat model of LangChain's to ask instead of the one that ``model`` names.
    """

    model: str
    mode: ModeName = "free"
    examples: int = 0
    temperature: float | None = 0.7
    max_tokens: int = 1_024
    window: int | None = None
    parallel: int = 1
    timeout: float = 120.0
    chat: BaseChatModel | None = field(default=None, compare=False, repr=False)

    def on(
        self, tree: Tree, spending: Spending | None = None, *, is_asked: bool = True
    ) -> LanguageModelUnpacker:
        """The unpacker for a tree.

        Args:
            tree: Whose Z.
            spending: The run's budget.
            is_asked: Whether it will be asked; one that only says what it would be asked needs no key.

        Raises:
            InputError: The model can't be used, a setting is out of range, or the mode needs data.
        """
        spec = parse_spec(self.model)
        if self.mode not in MODES:
            raise InputError(
                f"{self.mode!r} is no mode.", where="--mode", remedy=f"There are: {', '.join(MODES)}."
            )
        if self.mode == "typed" and not tree.task.columns:
            raise InputError(
                "the typed grammar is made of the columns of D, and this tree has none.",
                where="--mode",
                remedy="Use --mode free.",
            )
        asked = ready(
            tree,
            spec,
            spending=spending,
            parallel=1 if spec.provider == LOCAL else self.parallel,
            timeout=self.timeout,
            window=self.window,
            chat=self.chat,
            is_asked=is_asked,
        )
        return LanguageModelUnpacker(self, asked)


def room_of(asked: Asked, window: int | None, max_tokens: int) -> Room:
    """How long a prompt may be, as far as the model's window is known."""
    if asked.spec.provider == LOCAL and hasattr(asked.chat, "size_of_window"):
        return Room(max(0, asked.chat.size_of_window - max_tokens - 64), asked.chat.get_num_tokens)
    known = window or (getattr(asked.chat, "profile", None) or {}).get("max_input_tokens")
    return Room(max(0, known - max_tokens) if known else None)


@dataclass(slots=True)
class LanguageModelUnpacker:
    """Proposes what a language model answers, read strictly."""

    recipe: LanguageModel
    asked: Asked
    name: str = NAME

    @property
    def mode(self) -> Mode:
        """The way it is asked."""
        return MODES[self.recipe.mode]

    def spec(self) -> dict[str, object]:
        """What determines its proposals beside the situation, as JSON values."""
        return {
            "model": self.asked.name,
            "mode": self.recipe.mode,
            "prompt": ", ".join(prompt_named(name).label for name in self.mode.prompts),
            "examples": self.recipe.examples,
            "temperature": self.recipe.temperature,
            "max_tokens": self.recipe.max_tokens,
        }

    def requests(self, situation: Situation, n: int) -> list[Request]:
        """What would be asked for n proposals; none where no statement of this mode can be made."""
        return [r for i in range(n) if (r := self._request(situation, i, 0)[0]) is not None]

    def propose(self, situation: Situation, n: int) -> tuple[Proposal, ...]:
        """The proposals of n replies, those that can't be read among them, in the order of their seeds.

        A proposal of which only some children pass the checks is followed by one without the others. A reply
        that can't be read is asked for anew, with another seed, up to ``TRIES`` times.
        """
        made: dict[tuple[int, int], Proposal] = {}
        pending = [(i, 0) for i in range(n)]
        while pending:
            asked = [(at, *self._request(situation, *at)) for at in pending]
            open_ones = [(at, request, note) for at, request, note in asked if request is not None]
            if not open_ones:
                return (Proposal((), how="no column says more about these cases"),)
            try:
                responses = self.asked.responses([request for _, request, _ in open_ones])
            except StoppedError:
                if not made:
                    raise
                break  # what can't be read is not asked for again
            pending = []
            for (at, request, note), response in zip(open_ones, responses, strict=True):
                made[at] = self._read(situation, at, request, response, note)
                if not made[at].children and made[at].problems and at[1] + 1 < TRIES:
                    pending.append((at[0], at[1] + 1))
        return _all_of(situation, [made[at] for at in sorted(made)])

    def _request(self, situation: Situation, i: int, attempt: int) -> tuple[Request | None, str]:
        """One proposal's request, None where nothing can be asked, and what had to be left out of it."""
        seed = (situation.seed * SEEDS_A_STEP + i) * TRIES + attempt
        columns = COLUMNS_LOCAL if self.asked.spec.provider == LOCAL else COLUMNS_HOSTED
        schema = self.mode.schema(situation, seed, columns)
        if schema is None:
            return None, ""
        prompt = prompt_named(self.mode.prompt(situation))
        shown = shown_path(situation, examples=self.recipe.examples)
        room = room_of(self.asked, self.recipe.window, self.recipe.max_tokens)
        system, user, note = fitted(prompt, self.mode.told(situation), situation, shown, room)
        request = Request(
            model=self.asked.name,
            system=system,
            user=user,
            schema=schema,
            seed=seed,
            temperature=self.recipe.temperature,
            max_tokens=self.recipe.max_tokens,
            address=situation.statement.address,
        )
        return request, note

    def _read(
        self, situation: Situation, at: tuple[int, int], request: Request, response: Response, note: str
    ) -> Proposal:
        again = f", asked {at[1] + 1} times" if at[1] else ""
        how = f"{self.recipe.mode}, seed {request.seed}{again}" + (f"; {note}" if note else "")
        kept = Proposal((), how=how, cost=response.cost, responses=(request.key,))
        problem = _unreadable(response)
        if problem:
            return replace(kept, problems=(problem,))
        try:
            children = self.mode.read(situation, json_in(response.text))
        except MalformedError as error:
            return replace(kept, problems=(f"the reply can't be read: {error}",))
        if not children and self.recipe.mode != "typed":
            return replace(kept, problems=("the reply holds no statement",))
        return replace(kept, children=children)


def _unreadable(response: Response) -> str | None:
    if response.refusal:
        return f"the model refused: {response.refusal[:200]}"
    if response.finish == "length":
        return f"the reply was cut off at {response.output_tokens} tokens"
    return None if response.text.strip() else "the reply is empty"


def _all_of(situation: Situation, made: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Proposals checked, with what is left of those that failed in part, and copies marked as such."""
    every: list[Proposal] = []
    conditions = [c.when for p in made for c in p.children if c.when]
    ask_at_once(situation, conditions)
    for proposal in made:
        whole = checked(situation, proposal)
        every.append(whole)
        rest = without_problems(whole)
        if rest is not None:
            every.append(replace(rest, cost=Cost()))
    return tuple(_marked_copies(every))


def _marked_copies(proposals: Sequence[Proposal]) -> list[Proposal]:
    first: dict[tuple[object, ...], int] = {}
    marked = []
    for i, proposal in enumerate(proposals):
        children = tuple((c.text.casefold(), c.when, c.side) for c in proposal.children)
        j = i if proposal.problems else first.setdefault(children, i)
        same = () if j == i else (f"the same as proposal {j + 1}",)
        marked.append(replace(proposal, problems=(*proposal.problems, *same)))
    return marked
