"""What is no article is sent as it is, so that it becomes a dead letter; nobody's principal is believed."""

from pipeline.domain.outcome import Reject
from pipeline.sources.any_record import any_record
from pipeline.sources.raw_topic import RawTopic
from pipeline.text.params import IngestParams
from pipeline.wire.raw import decode_raw

TOPIC = RawTopic(name="raw", partitions=4, max_message_bytes=2 << 20, producers=None)  # type: ignore[arg-type]
ARTICLE = b'{"url": "https://gazette.example/1", "text": "The board has voted."}'


def test_an_article_is_keyed_and_its_principal_is_ours() -> None:
    made = any_record(TOPIC, ARTICLE, (("Principal", b"spoof"), ("x", b"y")), "files", 0)
    assert made.key is not None
    assert made.headers == (("x", b"y"), ("principal", b"files"))


def test_what_is_no_article_keeps_its_bytes() -> None:
    for value in (b"no article", b"", None):
        made = any_record(TOPIC, value, (), "files", 0)
        assert (made.key, made.value) == (None, value)
        assert isinstance(decode_raw(made.value, made.headers, IngestParams()), Reject)


def test_what_is_too_large_is_cut_and_says_so() -> None:
    made = any_record(TOPIC, b"x" * (3 << 20), (), "files", 0)
    assert made.value is not None
    assert len(made.value) == 1 << 20
    assert dict(made.headers)["truncated-from-bytes"] == str(3 << 20).encode()
    found = decode_raw(made.value, made.headers, IngestParams())
    assert isinstance(found, Reject)
    assert found.reason == "too_large"
