"""What names a model, and what no name may hold."""

from __future__ import annotations

import pytest

from kb.errors import InputError
from unpacking.language_model.modes import MalformedError, json_in
from unpacking.language_model.specs import parse_spec


@pytest.mark.parametrize("url", ["http://ada:secret@host/v1#small", "http://secret@host/v1"])
def test_a_password_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InputError, match="no user or password") as refused:
        parse_spec(f"openai-compatible:{url}")

    assert "secret" not in f"{refused.value} {refused.value.remedy} {refused.value.where}"


@pytest.mark.parametrize("url", ["http://[host/v1#small", "ftp://host#small", "http://host/v1"])
def test_what_is_no_url_of_a_server_and_a_model_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="names no server and model"):
        parse_spec(f"openai-compatible:{url}")


def test_a_reply_nested_without_end_is_malformed_and_no_crash() -> None:
    with pytest.raises(MalformedError, match="no JSON"):
        json_in('{"children": ' + "[" * 100_000)
