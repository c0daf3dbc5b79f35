"""Ingest on anything: no bytes make it raise, every outcome can be written, cleaning twice changes nothing."""

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.domain.article import Article
from pipeline.domain.outcome import REJECT_REASONS, Emit, Outcome, Reject
from pipeline.domain.record import Record
from pipeline.stages.ingest import IngestStage
from pipeline.wire.codec import decode_article, encode
from pipeline.wire.raw import raw_key

# Machines are slow at times; that is no failure.
unhurried = settings(deadline=None)

STAGE = IngestStage(version="1")
URL = "https://news.example.org/a"

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["url", "id", "action", "html", "text", "title", "subtitle", "source", "published_at", "modified_at"]
NAMES += ["fetched_at", "language", "authors", "section", "tags", "rights", "other"]
FIELDS = st.sampled_from(NAMES)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "content-encoding", "url", "id", "title", "fetched_at", "action", "x"])
        | st.text(),
        st.none()
        | st.binary(max_size=40)
        | st.sampled_from(
            [
                b"text/html",
                b"text/plain; charset=utf-16",
                b"application/json",
                b"gzip",
                b"deflate",
                b"zstd",
                b"br",
                URL.encode(),
            ]
        ),
    ),
    max_size=6,
).map(tuple)
PIECES = ["<p>", "</p>", "<div>", "</div>", "<article>", "<h1>", "<h2>", "<br>", "<a href='/x'>", "</a>", "<b>", "<i>"]
PIECES += [
    "<table>",
    "<tr>",
    "<td>",
    "<ul>",
    "<li>",
    "<script>",
    "</script>",
    "<svg>",
    "<template>",
    "<!--",
    "<![CDATA[",
]
PIECES += ["<meta charset=x>", "<title>", "&amp;", "&#0;", "&#xD800;", "<p class='comment'>", "words " * 20]
MARKUP = st.lists(st.sampled_from(PIECES) | st.text(max_size=60), max_size=40).map("".join)


def _process(value: bytes | None, headers: tuple[tuple[str, bytes | None], ...] = ()) -> Outcome[Article]:
    record = Record("news.articles.raw.v1", 0, 0, 1_767_700_000_000, None, value, headers)
    (outcome,) = STAGE.process([record])
    key = raw_key(value, headers)
    if isinstance(outcome, Emit):
        assert key == outcome.value.id
        assert decode_article(encode(outcome.value)) == outcome.value
    else:
        assert isinstance(outcome, Reject)
        assert outcome.reason in REJECT_REASONS
        assert outcome.reason != "unexpected"
        assert len(outcome.detail) <= 200
    return outcome


@unhurried
@given(st.none() | st.binary(max_size=400), HEADERS)
def test_arbitrary_bytes(value: bytes | None, headers: tuple[tuple[str, bytes | None], ...]) -> None:
    _process(value, headers)


@unhurried
@given(st.dictionaries(FIELDS, JSON_VALUES, max_size=8))
def test_arbitrary_fields(fields: dict[str, object]) -> None:
    _process(orjson.dumps(fields))


@unhurried
@given(st.dictionaries(FIELDS, st.text(), max_size=8), st.text(max_size=500))
def test_arbitrary_text(fields: dict[str, object], text: str) -> None:
    _process(orjson.dumps({**fields, "url": URL, "html": None, "text": text, "authors": [], "tags": [], "rights": {}}))


@unhurried
@given(MARKUP)
@example(f"{'words ' * 20}<h1><div><h1>")  # a heading around another
def test_arbitrary_markup(markup: str) -> None:
    _process(orjson.dumps({"url": URL, "html": markup}))


@unhurried
@given(
    st.binary(max_size=300),
    st.sampled_from(["utf-8", "big5", "utf-16", "hz", "iso2022_jp", "cp1256", "koi8-r", "nonsense"]),
)
def test_arbitrary_charsets(body: bytes, charset: str) -> None:
    _process(body, (("content-type", f"text/html; charset={charset}".encode()), ("url", URL.encode())))
