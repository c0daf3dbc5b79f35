"""Answers are remembered across restarts, for their time, in a bounded number."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.sources.http.idempotency import Answer, Answers, Request
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.http.problems import ProblemError

FIRST = Request("harbour", "k1", b"body 1")
ANSWER = Answer(202, b"{}")


def opened(directory: Path, **params: int) -> Answers:
    return Answers(directory, keep_ms=1000, params=HttpSourceParams(**params))


def kind(answers: Answers, request: Request, now_ms: int = 0) -> str:
    with pytest.raises(ProblemError) as caught:
        answers.begin(request, now_ms)
    return caught.value.kind


def test_an_answer_is_given_again_after_a_restart_and_forgotten_after_its_time(tmp_path: Path) -> None:
    answers = opened(tmp_path)
    assert answers.begin(FIRST, 0) is None
    assert kind(answers, FIRST) == "key_in_use"
    answers.end(FIRST, ANSWER, 0)
    answers.close()
    answers = opened(tmp_path)
    assert answers.begin(FIRST, 999) == ANSWER
    assert kind(answers, Request("harbour", "k1", b"body 2")) == "key_reused"
    assert answers.begin(Request("other", "k1", b"body 2"), 0) is None, "keys of others are others"
    assert answers.begin(FIRST, 1000) is None


def test_a_request_that_failed_may_be_made_again(tmp_path: Path) -> None:
    answers = opened(tmp_path)
    assert answers.begin(FIRST, 0) is None
    answers.end(FIRST, None, 0)
    assert answers.begin(FIRST, 0) is None


def test_the_oldest_answers_make_room(tmp_path: Path) -> None:
    answers = opened(tmp_path, max_stored_answers=10)
    requests = [Request("harbour", f"k{number}", b"") for number in range(502)]
    for number, request in enumerate(requests):
        answers.begin(request, 0)
        answers.end(request, ANSWER, number)
    assert answers.begin(requests[-1], 500) == ANSWER
    assert answers.begin(requests[480], 500) is None


def test_a_large_answer_is_not_kept(tmp_path: Path) -> None:
    answers = opened(tmp_path, max_stored_answer_bytes=10)
    answers.begin(FIRST, 0)
    answers.end(FIRST, Answer(202, b"x" * 11), 0)
    assert answers.begin(FIRST, 0) is None


def test_a_disk_that_fails_costs_only_the_memory(tmp_path: Path) -> None:
    answers = opened(tmp_path)
    answers.begin(FIRST, 0)
    answers._database.execute("DROP TABLE answers")
    answers.end(FIRST, ANSWER, 0)


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="STATE_DIR"):
        opened(tmp_path / "file")
    (tmp_path / "answers.sqlite").write_text("no database at all" * 100)
    with pytest.raises(ConfigError, match="STATE_DIR"):
        opened(tmp_path)
