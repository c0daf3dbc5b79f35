"""The status page: what it shows, what it never shows, and that nothing in it can be anything but text."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pytest

from pipeline.domain.article import Versions
from pipeline.observability.metrics import Metrics
from pipeline.observability.progress import Progress
from pipeline.observability.status_page import PAGE_HEADERS, StatusPage
from pipeline.settings import KafkaSettings, OAuthSettings, Settings

SECRETS = ("hunter2", "s3cr3t-of-oauth")
HOSTILE = "<script>alert('x')</script>&\"'"


class Elements(HTMLParser):
    """All elements of a page and its text; fails on elements that are not closed."""

    VOID = frozenset({"meta"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


class Page:
    def __init__(self, **settings: Any) -> None:
        self.metrics = Metrics()
        self.progress = Progress(needs_fold=False)
        self.page = StatusPage(
            Settings(**settings), ("ingest", "dedupe"), "g.news-ingest", self.progress, self.metrics.registry
        )

    def elements(self, problems: Sequence[str] = (), refresh_secs: int | None = None) -> Elements:
        return Elements(self.page.render(problems, refresh_secs).decode())


@pytest.fixture
def page() -> Page:
    return Page()


def test_a_starting_worker_says_why_it_is_not_ready(page: Page) -> None:
    text = page.elements(["state_starting", "no_assignment_yet"]).text
    assert "ingest → dedupe" in text
    assert "not ready" in text
    assert "Not ready because of: state_starting, no_assignment_yet." in text
    assert "g.news-ingest" in text


def test_numbers_partitions_dead_letters_and_versions_are_shown(page: Page) -> None:
    page.progress.state("running")
    page.progress.rebalance_ended(2)
    page.progress.lag(1234)
    page.metrics.stage("ingest", "p.raw", ())
    page.metrics.lag({("p.raw", 1): 1234}, {("p.raw", 1): 56})
    page.metrics.of("dead_letters_produced_total").labels("ingest", "invalid_json").inc(78)
    page.page.know(Versions(pipeline="9.9", language="lang-7", subjects="subj-8"), lambda: 2)
    text = page.elements().text
    assert "\nready\n" in text
    for shown in ("1,234", "56", "ingest: invalid_json", "78", "lang-7", "subj-8", "fold", "9.9"):
        assert f"{shown}\n" in text, shown


def test_values_are_text_whatever_they_are() -> None:
    page = Page(group_prefix="x", kafka=KafkaSettings(bootstrap_servers="[::1]:1"))
    page.metrics.stage("ingest", HOSTILE, ())
    page.metrics.lag({(HOSTILE, 0): 1}, {(HOSTILE, 0): 0})
    page.page.know(Versions(pipeline=HOSTILE, language=HOSTILE), lambda: None)
    elements = page.elements()
    assert HOSTILE in elements.text
    assert not {tag for tag, _ in elements.found} & {"script", "img", "iframe", "object", "form", "link", "base"}
    assert not [
        name for _, attributes in elements.found for name in attributes if name.startswith("on") or name == "style"
    ]


def test_no_credential_is_shown() -> None:
    page = Page(
        kafka=KafkaSettings(
            security_protocol="SASL_SSL",
            sasl_mechanism="OAUTHBEARER",
            oauth=OAuthSettings.model_validate(
                {"token_url": "https://idp.example/t", "client_id": "me", "client_secret": SECRETS[1]}
            ),
        )
    )
    other = Page(kafka=KafkaSettings(security_protocol="SASL_SSL", sasl_username="me", sasl_password=SECRETS[0]))  # type: ignore[arg-type]
    for shown in (page, other):
        assert not [secret for secret in SECRETS if secret in shown.page.render().decode()]
        assert "SASL_SSL" in shown.elements().text


def test_the_policy_allows_this_style_sheet_and_nothing_else(page: Page) -> None:
    policy = PAGE_HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"https?:|url\(|@import", page.page.render().decode())


def test_rates_are_about_the_time_since_an_earlier_look(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("pipeline.observability.status_page.time.monotonic", lambda: now)
    consumed = page.metrics.of("records_consumed_total").labels("ingest", "raw")
    assert "since the start" in page.elements().text
    now += 20
    consumed.inc(50)
    text = page.elements().text
    assert "the last 20 s" in text
    assert "2.50\n" in text


def test_it_is_refreshed_on_demand_only(page: Page) -> None:
    assert not [1 for tag, attributes in page.elements().found if attributes.get("http-equiv")]
    assert ("meta", {"http-equiv": "refresh", "content": "10"}) in page.elements(refresh_secs=10).found


def test_it_can_be_read_by_a_screen_reader(page: Page) -> None:
    page.metrics.stage("ingest", "raw", ())
    elements = page.elements()
    tags = [tag for tag, _ in elements.found]
    assert ("html", {"lang": "en"}) in elements.found
    assert (tags.count("h1"), tags.count("main"), tags.count("title")) == (1, 1, 1)
    assert all(attributes.get("scope") for tag, attributes in elements.found if tag == "th")
    assert all(attributes.get("href", "").startswith("/") for tag, attributes in elements.found if tag == "a")  # type: ignore[union-attr]
