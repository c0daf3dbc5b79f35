"""A file of queries is read whole, or refused with the line and the id of what is wrong."""

from pathlib import Path

import pytest

from pipeline.alert import params
from pipeline.alert.query_file import load_queries
from pipeline.errors import ConfigError
from tests.harness.alert_records import KEY, SECRET

GOOD = """
webhooks:
  desk:
    url: https://hooks.example/desk
    secret_file: secret
queries:
  - id: ferries
    words: ferry "harbour strike" -football
    language: [en, no]
    subject: ["medtop:15000000"]
    reliable: false
    country: [NO]
    on: [new, withdrawal]
    sinks: [webhook:desk, stdout]
  - id: gazette
    publisher: [gazette.example]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text(SECRET + "\n")
    return tmp_path / "queries.yaml"


def _refusal(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_queries(path)
    return str(refused.value)


def test_a_valid_file(path: Path) -> None:
    path.write_text(GOOD)
    loaded = load_queries(path)
    ferries, gazette = (query.saved for query in loaded.queries)
    assert ferries.country == ("NO",)  # a country, and no truth value of YAML
    assert ferries.language == ("en", "no")
    assert (ferries.reliable, ferries.on, ferries.sinks) == (False, ("new", "withdrawal"), ("webhook:desk", "stdout"))
    assert (gazette.reliable, gazette.on, gazette.sinks) == (True, ("new", "correction", "withdrawal"), ("events",))
    (hook,) = loaded.webhooks
    assert (hook.name, hook.url, hook.key) == ("desk", "https://hooks.example/desk", KEY)


def test_json_is_read_too(path: Path) -> None:
    path.write_text('{"queries": [{"id": "a", "words": "ferry"}]}')
    assert load_queries(path).queries[0].saved.words == "ferry"


def test_an_empty_file_has_no_queries(path: Path) -> None:
    path.write_text("")
    assert load_queries(path).queries == ()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{id: a}", "a query needs a word or a filter"),
        ("{id: a, words: -x}", "a query needs a word or a filter"),
        ("{id: a, words: '…'}", "a query needs a word or a filter"),
        ("{id: a, words: 'story:c-1'}", "for the search only"),
        ("{id: a, words: x, colour: red}", "unknown field `colour`"),
        ("{id: a, words: x, words: y}", "unknown field"),
        ("{id: A B, words: x}", "an id has at most 64 small letters"),
        ("{words: x}", "missing required field `id`"),
        ("{id: a, words: x, language: en}", "Expected `array`"),
        ("{id: a, words: x, language: [EN]}", "a value of `language`"),
        ("{id: a, words: x, subject: [politics]}", "a value of `subject`"),
        ("{id: a, words: x, country: [Norway]}", "a value of `country`"),
        ("{id: a, words: x, publisher: ['']}", "a value of `publisher`"),
        ("{id: a, words: x, on: []}", "`on` is empty"),
        ("{id: a, words: x, on: [always]}", "Invalid enum value"),
        ("{id: a, words: x, reliable: maybe}", "Expected `bool`"),
        ("{id: a, words: x, sinks: [pager]}", "a sink is events, kafka, stdout"),
        ("{id: a, words: x, sinks: ['webhook:gone']}", "a sink is events, kafka, stdout"),
        ("{id: a, words: x, sinks: []}", "`sinks` are 1 to"),
        ("{id: a, words: x, sinks: [stdout, stdout]}", "`sinks` are 1 to"),
        (f"{{id: a, words: {'x' * 501}}}", "at most 500 characters"),
        (f"{{id: a, words: '{'x ' * 33}'}}", "at most 32 words"),
        (f"{{id: a, language: [{', '.join(['en'] * 21)}]}}", "at most 20 values"),
        ("[a]", "Expected `object`"),
    ],
)
def test_what_is_wrong_with_a_query_is_said_with_its_line(path: Path, query: str, message: str) -> None:
    refusal = _refusal(path, f"queries:\n  - {{id: good, words: ferry}}\n  - {query}\n")
    assert message in refusal
    assert "line 3, " in refusal
    assert "politics" not in refusal  # nothing of a query is quoted
    assert "pager" not in refusal


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        ("{url: 'https://h.example/', secret_file: gone}", "the file of `secret_file` cannot be read"),
        ("{url: 'https://h.example/', secret_file: weak}", "the secret is not whsec_"),
        ("{url: 'ftp://h.example/', secret_file: secret}", "not http or https"),
        ("{url: 'https://me:word@h.example/', secret_file: secret}", "without a password"),
        ("{secret_file: secret}", "either `url` or `url_file`"),
        ("{url: 'https://h.example/', url_file: x, secret_file: secret}", "either `url` or `url_file`"),
        ("{url: 'https://h.example/'}", "missing required field `secret_file`"),
    ],
)
def test_what_is_wrong_with_a_webhook_is_said_without_its_address(path: Path, hook: str, message: str) -> None:
    (path.parent / "weak").write_text("whsec_c2hvcnQ=")
    refusal = _refusal(path, f"webhooks:\n  desk: {hook}\n")
    assert message in refusal
    assert "line 2, webhook desk" in refusal
    assert "h.example" not in refusal


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("queries: {a: b}", "`queries` is a list"),
        ("webhooks: [a]", "`webhooks` is a mapping"),
        ("alerts: []", "and no other"),
        ("queries: []\nqueries: []", "each once"),
        ("- a", "are expected"),
        ("queries: [", "this is not YAML"),
        ("queries: [&a {id: a, words: x}, *a]", "aliases are not supported"),
        ("\x00", "this is not YAML"),
        ("[" * 3_000, "this is not YAML"),
    ],
)
def test_a_file_of_another_shape_is_refused(path: Path, text: str, message: str) -> None:
    assert message in _refusal(path, text)


def test_all_errors_are_told_up_to_a_number(path: Path) -> None:
    wrong = "".join(f"  - {{id: q{number}}}\n" for number in range(15))
    refusal = _refusal(path, f"queries:\n{wrong}")
    assert refusal.count("a query needs a word") == params.QUERIES.max_errors
    assert "and 5 more" in refusal


def test_an_id_is_there_once(path: Path) -> None:
    assert "the id is there already" in _refusal(path, "queries: [{id: a, words: x}, {id: a, words: y}]")


def test_a_missing_or_large_file_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_queries(path)
    path.write_text(GOOD)
    monkeypatch.setattr("pipeline.alert.query_file.QUERIES", params.QueriesParams(max_file_bytes=10))
    with pytest.raises(ConfigError, match="larger than 10 bytes"):
        load_queries(path)


def test_there_are_no_more_queries_than_a_number(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.alert.query_file.QUERIES", params.QueriesParams(max_queries=1, max_webhooks=0))
    path.write_text("queries: [{id: a, words: x}, {id: b, words: x}]")
    with pytest.raises(ConfigError, match="at most 1 queries"):
        load_queries(path)
    path.write_text(GOOD)
    with pytest.raises(ConfigError, match="at most 0 webhooks"):
        load_queries(path)
