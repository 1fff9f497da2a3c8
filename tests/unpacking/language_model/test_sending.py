"""Sending: what came back is kept, however the run ends, and a provider's wish to wait is understood."""

from __future__ import annotations

import datetime
import email.utils
import queue
import time
from types import SimpleNamespace
from typing import Any

import pytest

from kb.knowledge import Tree
from tests.language_models import fake_chat
from unpacking.language_model.requests import Request, Response
from unpacking.language_model.responses import stored_response
from unpacking.language_model.sending import _retry_after, ready
from unpacking.language_model.specs import parse_spec


def test_ctrl_c_loses_no_reply_that_came(planted_tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ready(planted_tree, parse_spec("fake:recorded"), parallel=3, chat=fake_chat(["Yes."]))
    requests = [Request(asked.name, "Rules.", f"Question {i}?") for i in range(3)]

    class Interrupted(queue.SimpleQueue[Any]):
        def get(self, *_: Any, **__: Any) -> Any:
            until = time.monotonic() + 30.0
            while self.qsize() < len(requests) and time.monotonic() < until:
                time.sleep(0.01)
            raise KeyboardInterrupt

    monkeypatch.setattr(queue, "SimpleQueue", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        asked.responses(requests)

    assert [isinstance(stored_response(planted_tree, r), Response) for r in requests] == [True] * 3


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000"])
def test_a_date_to_wait_for_is_in_utc_however_it_says_so(zone: str) -> None:
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=90)
    written = email.utils.format_datetime(until).replace("+0000", zone)
    error = RuntimeError("slow down")
    error.response = SimpleNamespace(headers={"retry-after": written})  # type: ignore[attr-defined]  # as theirs

    assert _retry_after(error) == pytest.approx(90.0, abs=30.0)
