"""Whatever comes in: bytes are a value or an error that quotes nothing; a dead letter fits and loses nothing."""

import hashlib
import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.domain.record import Record
from pipeline.errors import ContractError
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.codec import decode_article, decode_log_record, decode_verdict_record, encode
from pipeline.wire.dead_letters import Failure, Reporter, dead_letter
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, record_bytes
from pipeline.wire.schemas import schema_dir

EXAMPLES = Path(str(schema_dir())) / "examples" / "valid"
ARTICLE: dict[str, Any] = json.loads((EXAMPLES / "news.article.internal.v1" / "classified.json").read_text("utf-8"))
MARK = "Zq7-never-quoted"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
TARGET = load_catalogue().topic("news.dlq.ingest.v1")
FAILURE = Failure(stage="ingest", reason="invalid_json", detail="ends early")
REPORTER = Reporter(app="news-pipeline", version="1", group="news-ingest")


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_value_or_a_contract_error(data: bytes) -> None:
    for decode in (decode_article, decode_log_record, decode_verdict_record):
        try:
            decode(data)
        except ContractError:
            continue


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """Return the article with something else, marked, at any place of it."""
    article = json.loads(json.dumps(ARTICLE))
    place: Any = article
    while True:
        step = draw(st.sampled_from(sorted(place)) if isinstance(place, dict) else st.integers(0, len(place) - 1))
        if isinstance(place[step], dict | list) and place[step] and draw(st.booleans()):
            place = place[step]
        else:
            place[step] = draw(st.sampled_from([MARK, [MARK], {MARK: MARK}, {"name": MARK, "url": {MARK: 1}}]))
            return article


@given(spoilt())
def test_an_error_never_quotes_what_it_read(article: Any) -> None:
    message = ""
    try:
        decode_article(json.dumps(article).encode())
    except ContractError as error:
        message = f"{error} {error.__cause__}"
    assert MARK not in message


@given(headline=TEXT, body=TEXT, extra=st.dictionaries(TEXT, st.lists(TEXT, max_size=3), max_size=3))
def test_text_of_any_script_comes_back_as_it_was(headline: str, body: str, extra: dict[str, Any]) -> None:
    article = replace(decode_article(json.dumps(ARTICLE).encode()), headline=headline, body=body, extra=extra)
    assert decode_article(encode(article)) == article


@given(
    key=st.none() | st.binary(max_size=3000),
    value=st.none() | st.binary(max_size=9000),
    headers=st.lists(st.tuples(st.text(max_size=40), st.none() | st.binary(max_size=900)), max_size=12),
    detail=st.text(max_size=3000),
    limit=st.integers(6000, 20_000),
)
def test_a_dead_letter_fits_and_states_what_was_cut(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]], detail: str, limit: int
) -> None:
    record = Record("news.articles.raw.v1", 1, 2, 3, key, value, tuple(headers))
    target = replace(TARGET, max_message_bytes=limit)
    letter = dead_letter(record, replace(FAILURE, detail=detail), REPORTER, target, 4)
    assert BATCH_OVERHEAD_BYTES + record_bytes(letter.key, letter.value, letter.headers) <= limit
    added = {name: content or b"" for name, content in letter.headers if name.startswith("news.dlq.")}
    kept = [header for header in letter.headers if header in headers]
    if "news.dlq.truncated" in added:
        assert (value or b"").startswith(letter.value or b"")
        assert added["news.dlq.value-sha256"].decode() == hashlib.sha256(value or b"").hexdigest()
        assert int(added["news.dlq.value-bytes"]) == len(value or b"") > len(letter.value or b"")
    else:
        assert letter.value == value
    if "news.dlq.key-bytes" in added:
        assert int(added["news.dlq.key-bytes"]) == len(key or b"")
        assert (key or b"").startswith(letter.key or b"-")
    else:
        assert letter.key == key
    if "news.dlq.headers-dropped" not in added:
        assert kept == headers
