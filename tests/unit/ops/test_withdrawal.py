"""Withdrawals: the records that are sent for an article, with and without an address."""

import json
from collections.abc import Callable, Sequence

import pytest

from pipeline.domain.ids import ArticleId
from pipeline.ops.current_states import StandingArticle, _Publisher
from pipeline.ops.resending import RateLimiter, Resender, ResentRecord, UnitParams
from pipeline.ops.withdrawal import Withdrawal, WithdrawalProgress, retractions
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.raw import raw_key

URL, TIME = "https://gazette.example/a", "2026-11-20T10:00:00.000Z"
RAW, CURRENT = "news.articles.raw.v1", "news.articles.current.v1"


class Recorder(Resender):
    def __init__(self) -> None:
        self.units: list[list[ResentRecord]] = []

    def send(self, records: Sequence[ResentRecord], note: Callable[[], None]) -> None:
        self.units.append(list(records))
        note()


def _id() -> ArticleId:
    found = raw_key(json.dumps({"url": URL, "action": "retract"}).encode(), ())
    assert found is not None
    return found


def _state(source: str | None = None, url: str | None = URL) -> StandingArticle:
    publisher = None if source is None else _Publisher(id=source, domain="gazette.example")
    return StandingArticle(id=_id(), url=url, revision=3, publisher=publisher)


@pytest.mark.parametrize(
    ("source", "declared"),
    [(None, [None]), ("The Gazette", ["The Gazette"]), ("gazette.example", [None, "gazette.example"])],
)
def test_there_is_a_retraction_for_each_source_that_may_have_been_declared(
    source: str | None, declared: list[str | None]
) -> None:
    values = [json.loads(value) for value in retractions(_id(), _state(source))]
    assert [value.get("source") for value in values] == declared
    assert all(value["url"] == URL and value["action"] == "retract" for value in values)


def test_an_address_that_leads_to_another_article_is_not_used() -> None:
    assert retractions(ArticleId("another"), _state()) == []
    assert retractions(_id(), _state(url=None)) == []


@pytest.mark.parametrize(
    ("url", "ends_states", "topics"),
    [(URL, False, [RAW]), (URL, True, [RAW, CURRENT]), (None, False, [CURRENT])],
)
def test_a_state_is_ended_where_no_retraction_can_do_it(url: str | None, ends_states: bool, topics: list[str]) -> None:
    sender, done = Recorder(), WithdrawalProgress()
    work = Withdrawal(load_catalogue(), sender, 12, TIME, lane="", ends_states=ends_states)
    work.run([(_id(), _state(url=url))], done, RateLimiter(None))
    (unit,) = sender.units
    assert [record.topic for record in unit] == topics
    assert len({(record.partition, record.key) for record in unit}) == 1
    assert (done.articles, done.unaddressed) == (1, int(url is None))
    if topics[-1] == CURRENT:
        headers = dict(unit[-1].headers)
        assert (unit[-1].value, headers["ce_revision"]) == (None, b"4")
        assert (headers["ce_type"], headers["ce_source"]) == (b"news.article.retracted.v1", b"/news-pipeline/erase")


def test_what_was_sent_is_counted_unit_by_unit() -> None:
    sender, done = Recorder(), WithdrawalProgress()
    work = Withdrawal(load_catalogue(), sender, 12, TIME, lane="", ends_states=False)
    work.run([(_id(), _state())] * 5, done, RateLimiter(None), UnitParams(max_records=2))
    assert [len(unit) for unit in sender.units] == [2, 2, 1]
    assert done.articles == 5


def test_a_withdrawal_names_each_principal_that_may_have_brought_the_article() -> None:
    sender = Recorder()
    principals = ("http:harbour", None)
    work = Withdrawal(load_catalogue(), sender, 12, TIME, lane="", ends_states=False, principals=principals)
    work.run([(_id(), _state("The Gazette"))], WithdrawalProgress(), RateLimiter(None), UnitParams())
    assert [record.headers for record in sender.units[0]] == [(("principal", b"http:harbour"),), ()]
