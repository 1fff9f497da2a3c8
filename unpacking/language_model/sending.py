"""Asking a model: stored responses first, then calls within the budget, with patience."""

from __future__ import annotations

import datetime
import email.utils
import json
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.errors import FailedError, PrioryError, StoppedError
from kb.knowledge import Tree
from kb.records import Cost
from unpacking.language_model.models import answered, chat_model
from unpacking.language_model.prices import price_of
from unpacking.language_model.requests import Request, Response
from unpacking.language_model.responses import Usage, put_response, stored_response, usage
from unpacking.language_model.showing import LETTERS_A_TOKEN
from unpacking.language_model.specs import ModelSpec, identity
from unpacking.language_model.spending import Spending

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

__all__ = ["Asked", "expected_cost", "ready"]

TRIES = 6
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds; each pause is twice the one before
LONGEST_WAIT = 600.0  # seconds that a provider may ask for before the run gives up
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_PASSING_NAMES = ("Timeout", "Connection", "ConnectError", "RemoteProtocol", "ReadError")


@dataclass(slots=True)
class Asked:
    """A model that is asked on behalf of one tree.

    Attributes:
        tree: Where responses are kept.
        spec: Which model.
        name: The model's identity, as requests carry it.
        chat: The chat model itself.
        spending: The run's budget.
        parallel: Calls under way at once, at most.
        sleep: Waits some seconds; a test need not.
    """

    tree: Tree
    spec: ModelSpec
    name: str
    chat: BaseChatModel
    spending: Spending = field(default_factory=Spending)
    parallel: int = 1
    sleep: Callable[[float], None] = time.sleep
    _usual: dict[str, Usage | None] = field(default_factory=dict, repr=False)

    def responses(self, requests: Sequence[Request]) -> list[Response]:
        """One response per request, in their order. Each is stored before this returns or raises.

        Raises:
            StoppedError: The budget has no room for the next call; what came before it is kept.
            FailedError: The provider refuses, or does not answer even after some patience.
        """
        found: dict[str, Response] = {}
        missing: dict[str, Request] = {}
        for request in requests:
            stored = stored_response(self.tree, request)
            if stored is None:
                missing[request.key] = request
            else:
                found[request.key] = stored
        for request, response in self._called(list(missing.values())):
            found[request.key] = response
        return [found[request.key] for request in requests]

    def expected(self, request: Request) -> Cost:
        """What a call is expected to take, by this tree's history or else by the length of its prompt."""
        if self._usual.get(request.purpose) is None:
            self._usual[request.purpose] = usage(self.tree, self.name, request.purpose)
        return expected_cost(request, self._usual[request.purpose])

    def _called(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        if self.parallel == 1 or len(requests) == 1:
            for request in requests:
                yield request, self._kept(request, self._reserved(request))
        else:
            yield from self._at_once(deque(requests))

    def _reserved(self, request: Request) -> Cost:
        expected = self.expected(request)
        self.spending.reserve(expected, price_is_known=price_of(self.name) is not None)
        return expected

    def _at_once(self, todo: deque[Request]) -> Iterator[tuple[Request, Response]]:
        """Several calls at a time; each thread stores its own reply, so that Ctrl-C loses none that came."""
        done: queue.SimpleQueue[tuple[Request, Response | Exception]] = queue.SimpleQueue()
        running = 0
        failure: Exception | None = None
        while todo or running:
            while todo and running < self.parallel and failure is None:
                try:
                    expected = self._reserved(todo[0])
                except PrioryError as error:
                    failure = error
                    break
                arguments = (todo.popleft(), expected, done)
                threading.Thread(target=self._call_into, args=arguments, daemon=True).start()
                running += 1
            if not running:
                break
            request, outcome = done.get()
            running -= 1
            if isinstance(outcome, Exception):
                failure = failure or outcome
            else:
                yield request, outcome
        if failure is not None:
            raise failure

    def _call_into(
        self, request: Request, expected: Cost, done: queue.SimpleQueue[tuple[Request, Response | Exception]]
    ) -> None:
        try:
            done.put((request, self._kept(request, expected)))
        except Exception as error:  # noqa: BLE001  # handed to the thread that waits, which raises it
            done.put((request, error))

    def _kept(self, request: Request, expected: Cost) -> Response:
        """One answer, stored as soon as it is there: it is paid by then."""
        response = self._call(request, expected)
        put_response(self.tree, request, response)
        return response

    def _call(self, request: Request, expected: Cost) -> Response:
        """One answer, with patience for what passes."""
        pause = FIRST_PAUSE
        for attempt in range(1, TRIES + 1):
            try:
                response = answered(self.chat, self.spec, request)
            except PrioryError:
                self.spending.charge(expected, Cost())
                raise
            except Exception as error:  # each provider's library has errors of its own
                wait = _wait(error, pause)
                if wait is None or attempt == TRIES:
                    self.spending.charge(expected, Cost())
                    if not _is_of_the_provider(error):
                        raise
                    raise _told(error, self.spec, attempt) from error
                if self.spending.is_over_in(wait):
                    self.spending.charge(expected, Cost())
                    raise _no_time(error, wait) from error
                self.sleep(wait)
                pause = min(2.0 * pause, LONGEST_PAUSE)
            else:
                self.spending.charge(expected, response.cost)
                return response
        raise AssertionError("the last try returns or raises")


def ready(  # noqa: PLR0913  # what a model is asked with
    tree: Tree,
    spec: ModelSpec,
    *,
    spending: Spending | None = None,
    parallel: int = 1,
    timeout: float = 120.0,
    window: int | None = None,
    chat: BaseChatModel | None = None,
    is_asked: bool = True,
) -> Asked:
    """A model that is ready to be asked, or to say what it would be asked.

    Raises:
        InputError: A package or a file is missing, or a key where it will be asked.
    """
    model = chat or chat_model(spec, timeout=timeout, window=window, is_asked=is_asked)
    return Asked(tree, spec, spec.text if chat else identity(spec), model, spending or Spending(), parallel)


def expected_cost(request: Request, usual: Usage | None) -> Cost:
    """What a call will take: as the calls before it, or by the length of its prompt and half an answer."""
    price = price_of(request.model)
    if usual:
        read, written, seconds = usual.input_tokens, usual.output_tokens, usual.seconds
    else:
        letters = len(request.system) + len(request.user)
        read, written, seconds = letters / LETTERS_A_TOKEN, request.max_tokens / 2, 0.0
    usd = price.usd(read, written) if price else 0.0
    return Cost(tokens=round(read + written), usd=usd, seconds=seconds)


def _wait(error: Exception, pause: float) -> float | None:
    """Seconds to wait before the next try; None if it would not help.

    A provider's error is known by its status, or by its name where it has none: libraries share no class.
    """
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status > 0:
        if status not in _PASSING:
            return None
        asked = _retry_after(error)
        return pause if asked is None else (asked if asked <= LONGEST_WAIT else None)
    return pause if _is_of_the_provider(error) else None


def _is_of_the_provider(error: Exception) -> bool:
    """It tells of the provider or the way there, not of a mistake in the code."""
    if isinstance(getattr(error, "status_code", None), int) or isinstance(error, json.JSONDecodeError):
        return True
    return any(word in c.__name__ for word in _PASSING_NAMES for c in type(error).__mro__)


def _retry_after(error: Exception) -> float | None:
    """Seconds that the provider asks to wait, given as seconds or as a date; None if it doesn't say."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    written = headers.get("retry-after")
    if not written:
        return None
    try:
        return max(0.0, float(written))
    except ValueError:
        pass
    try:
        until = email.utils.parsedate_to_datetime(written)
    except ValueError:
        return None
    if until.tzinfo is None:  # -0000 says no zone; in HTTP all dates are in UTC
        until = until.replace(tzinfo=datetime.UTC)
    return max(0.0, (until - datetime.datetime.now(datetime.UTC)).total_seconds())


def _no_time(error: Exception, wait: float) -> StoppedError:
    return StoppedError(
        f"the budget has no time to ask the provider again in {wait:.0f} s ({_first_line(error)}).",
        where="--budget",
        remedy="The same command with a larger budget goes on; no response is paid twice.",
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300].rstrip(".")


def _told(error: Exception, spec: ModelSpec, tries: int) -> FailedError:
    """The provider's error in one line, with what to do about it."""
    status = getattr(error, "status_code", None)
    remedy = {
        400: "If it is about the length, set --window; if about the temperature, try --temperature none.",
        401: "Check the key that is set in the environment.",
        403: "Check what the key is allowed to do.",
        404: "Check the name of the model, and the URL.",
        429: "Wait, or check the limits of your account; the same command goes on.",
    }.get(
        status or 0,
        "Check that the provider can be reached; the same command goes on, nothing is paid twice.",
    )
    times = "once" if tries == 1 else f"{tries} times"
    return FailedError(
        f"asked {times}, it gave no answer: {_first_line(error)}.", where=spec.text, remedy=remedy
    )
