"""Dates in the forms, calendars and numerals that news uses."""

from datetime import date

import pytest

from pipeline.text.calendars import from_buddhist, from_hijri, from_jalali, from_numbers
from pipeline.text.dates import DateSource, instant_ms, read_moment, read_url_date
from pipeline.text.params import IngestParams
from pipeline.text.publication import find_modification, find_publication, is_before
from pipeline.text.written_dates import is_only_date


@pytest.mark.parametrize(
    ("text", "value", "precision"),
    [
        ("2020-03-14T10:15:30.250+02:00", "2020-03-14T08:15:30.250Z", "second"),
        ("2020-03-14T10:15Z", "2020-03-14T10:15:00.000Z", "minute"),
        ("2020-03-14 10:15:30 +0200", "2020-03-14T08:15:30.000Z", "second"),
        ("2020-03-14T24:00:00Z", "2020-03-15T00:00:00.000Z", "second"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z", "second"),
        ("2020-03", "2020-03-01T00:00:00.000Z", "month"),
        ("20200314", "2020-03-14T00:00:00.000Z", "day"),
        ("20200314T101530Z", "2020-03-14T10:15:30.000Z", "second"),
        ("1584180930", "2020-03-14T10:15:30.000Z", "second"),
        ("1584180930250", "2020-03-14T10:15:30.250Z", "second"),
        ("Sat, 14 Mar 2020 10:15:30 +0100", "2020-03-14T09:15:30.000Z", "second"),
        ("14 March 2020", "2020-03-14T00:00:00.000Z", "day"),
        ("March 14th, 2020 5:30 PM", "2020-03-14T17:30:00.000Z", "minute"),
        ("14. März 2020", "2020-03-14T00:00:00.000Z", "day"),
        ("14 de marzo de 2020", "2020-03-14T00:00:00.000Z", "day"),
        ("14 марта 2020, 10:15", "2020-03-14T10:15:00.000Z", "minute"),
        ("14.03.2020 10:15", "2020-03-14T10:15:00.000Z", "minute"),
        ("25/12/2020", "2020-12-25T00:00:00.000Z", "day"),
        ("12/25/2020", "2020-12-25T00:00:00.000Z", "day"),
        ("2020年3月14日", "2020-03-14T00:00:00.000Z", "day"),
        ("令和2年3月14日", "2020-03-14T00:00:00.000Z", "day"),
        ("民國109年3月14日", "2020-03-14T00:00:00.000Z", "day"),
        ("2020년 3월 14일", "2020-03-14T00:00:00.000Z", "day"),
        ("١٤ مارس ٢٠٢٠", "2020-03-14T00:00:00.000Z", "day"),
        ("الجمعة 6 آذار/مارس 2020 - 12:05", "2020-03-06T12:05:00.000Z", "minute"),
        ("۱۴ فروردین ۱۳۹۹", "2020-04-02T00:00:00.000Z", "day"),
        ("۱۳۹۹/۰۱/۱۴", "2020-04-02T00:00:00.000Z", "day"),
        ("14 มีนาคม 2563", "2020-03-14T00:00:00.000Z", "day"),
        ("७ मार्च २०२०", "2020-03-07T00:00:00.000Z", "day"),
        ("1 رمضان 1441", "2020-04-24T00:00:00.000Z", "month"),
        ("1399-01-14", "2020-04-02T00:00:00.000Z", "day"),
        ("14/01/1399", "2020-04-02T00:00:00.000Z", "day"),
        ("1441/07/19", "2020-03-14T00:00:00.000Z", "month"),
        ("19/07/1441 هـ", "2020-03-14T00:00:00.000Z", "month"),
        ("1441-07-19", "2020-03-14T00:00:00.000Z", "month"),
        ("05/05/2020", "2020-05-05T00:00:00.000Z", "day"),
        ("2563-03-14", "2020-03-14T00:00:00.000Z", "day"),
        ("2 ذو الحجة 1445 هـ الموافق 8 يونيو 2024", "2024-06-08T00:00:00.000Z", "day"),
        ("14 HAZİRAN 2020", "2020-06-14T00:00:00.000Z", "day"),
        ("14 KASIM 2020", "2020-11-14T00:00:00.000Z", "day"),
        ("2020031412", "2020-03-14T12:00:00.000Z", "minute"),
        ("Tue Jan 28 15:28:56 CET 2020", "2020-01-28T14:28:56.000Z", "second"),
        ("Fri Feb 18 10:27:24 2022", "2022-02-18T10:27:24.000Z", "second"),
    ],
)
def test_read(text: str, value: str, precision: str) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert (moment.text, moment.precision) == (value, precision)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "03/04/2020",
        "30 février 2020",
        "2020-13-01",
        "2020-02-30",
        "2020-03-14T25:00Z",
        "2020-03-14T10:00+19:00",
        "31 اسفند 1399",
        "0000-00-00",
        "2020-03-14T10:15:61Z",
        "99999999999",
        "x" * 500,
        "14 March",
    ],
)
def test_what_is_no_date_or_ambiguous_is_not_read(text: str) -> None:
    assert read_moment(text) is None


def test_a_time_without_zone_is_marked() -> None:
    moment = read_moment("2020-03-14T10:15:30")
    assert moment is not None
    assert not moment.zoned


@pytest.mark.parametrize(
    ("url", "value", "precision"),
    [
        ("https://a.example/2020/03/14/dam", "2020-03-14T00:00:00.000Z", "day"),
        ("https://a.example/news/20200314/dam", "2020-03-14T00:00:00.000Z", "day"),
        ("https://a.example/2020/03/dam", "2020-03-01T00:00:00.000Z", "month"),
    ],
)
def test_dates_in_urls(url: str, value: str, precision: str) -> None:
    moment = read_url_date(url)
    assert moment is not None
    assert (moment.text, moment.precision) == (value, precision)


def test_numbers_in_urls_are_not_all_dates() -> None:
    for url in ("https://a.example/1584180930", "https://a.example/2020/44/dam", "https://a.example/20209914/x"):
        assert read_url_date(url) is None


def test_known_days_of_other_calendars() -> None:
    assert str(from_jalali(1357, 11, 22)) == "1979-02-11"
    assert str(from_jalali(1403, 12, 30)) == "2025-03-20"
    assert from_jalali(1402, 12, 30) is None
    assert str(from_hijri(1442, 1, 1)) == "2020-08-20"
    assert from_hijri(1442, 13, 1) is None
    assert (from_buddhist(2563), from_buddhist(2020)) == (2020, None)


def test_instants() -> None:
    assert instant_ms("1970-01-02T00:00:01Z") == 86_401_000
    assert instant_ms(None) is None


def test_offsets_up_to_those_on_earth_are_read() -> None:
    assert instant_ms("2020-03-14T14:00+14:00") == instant_ms("2020-03-14T00:00Z")
    assert read_moment("2020-03-14T14:00+14:01") is None


def test_a_long_text_is_no_date() -> None:
    assert read_moment("14 March 2020".ljust(121, "x")) is None
    assert read_moment(f"14 March 2020 {'x' * 106}") is not None


def test_months_of_any_language_in_what_software_writes() -> None:
    assert instant_ms("Tue Dez 28 15:28:56 CET 2021") == instant_ms("2021-12-28T14:28:56Z")


@pytest.mark.parametrize(
    ("year", "calendar"),
    [(1299, "gregorian"), (1300, "solar"), (1420, "solar"), (1421, "lunar"), (1499, "lunar"), (1500, "gregorian")],
)
def test_the_year_of_a_date_in_numbers_determines_its_calendar(year: int, calendar: str) -> None:
    found = from_numbers(year, 1, 1)
    assert found is not None
    assert found == {
        "gregorian": (date(year, 1, 1), True),
        "solar": (from_jalali(year, 1, 1), True),
        "lunar": (from_hijri(year, 1, 1), False),
    }.get(calendar)


def test_a_year_that_is_marked_as_lunar_is_lunar() -> None:
    assert from_numbers(1400, 1, 1, is_lunar=True) == (from_hijri(1400, 1, 1), False)
    assert from_numbers(2020, 1, 1, is_lunar=True) == (date(2020, 1, 1), True)


def test_years_of_newspapers_only() -> None:
    for convert, first, last in ((from_jalali, 1206, 1498), (from_hijri, 1200, 1600)):
        read = [year for year in (first - 1, first, last, last + 1) if convert(year, 1, 1) is not None]
        assert read == [first, last]
    assert [from_buddhist(year) for year in (2399, 2400, 2700, 2701)] == [None, 1857, 2157, None]


def test_a_line_that_is_only_a_date_has_two_other_letters_at_most() -> None:
    assert is_only_date("14 March 2020 qx")
    assert not is_only_date("14 March 2020 qxz")


SEEN_MS = 1_584_180_930_000  # 2020-03-14T10:15:30Z
PARAMS = IngestParams()


@pytest.mark.parametrize(
    ("epoch_ms", "plausible"), [(SEEN_MS + 36 * 3_600_000, True), (SEEN_MS + 36 * 3_600_000 + 1000, False)]
)
def test_a_publication_is_not_long_after_the_fetch(epoch_ms: int, plausible: bool) -> None:
    published, flags = find_publication([(str(epoch_ms), "raw")], None, None, SEEN_MS, PARAMS)
    assert published is not None
    assert published.plausible is plausible
    assert ("published_at_implausible" in flags) is not plausible
    assert (find_modification([str(epoch_ms)], [], SEEN_MS, PARAMS) is not None) is plausible


@pytest.mark.parametrize(("text", "plausible"), [("1700-01-02", True), ("1699-12-30", False)])
def test_a_publication_is_not_older_than_newspapers(text: str, plausible: bool) -> None:
    published, _ = find_publication([(text, "raw")], None, None, SEEN_MS, PARAMS)
    assert published is not None
    assert published.plausible is plausible


URL = "https://a.example/2020/03/13/dam"


@pytest.mark.parametrize(
    ("stated", "line", "url", "source", "flags"),
    [
        (["2020-03-12T10:00Z"], "11 March 2020", URL, "raw", set()),
        (["2020-03-12T10:00"], None, None, "raw", {"published_at_without_zone"}),
        (["2020-03-12"], None, None, "raw", set()),
        (["soon"], "11 March 2020", URL, "text", set()),
        (["2099-01-01"], "11 March 2020", URL, "text", set()),
        (["2099-01-01"], None, None, "raw", {"published_at_implausible"}),
        ([], "1 رمضان 1441", URL, "url", set()),
        ([], "1 رجب 1441", None, "text", set()),
        ([], None, URL, "url", set()),
        (["soon"], None, None, None, {"published_at_unreadable"}),
        ([], None, None, None, set()),
    ],
)
def test_the_first_date_that_can_be_true_counts(
    stated: list[str], line: str | None, url: str | None, source: str | None, flags: set[str]
) -> None:
    published, found = find_publication([(text, "raw") for text in stated], line, url, SEEN_MS, PARAMS)
    assert (published.source if published is not None else None) == source
    assert found == flags


def test_of_dates_that_cannot_be_true_the_first_counts() -> None:
    published, _ = find_publication([("2099-01-01", "raw"), ("2098-01-01", "meta")], None, None, SEEN_MS, PARAMS)
    assert published is not None
    assert published.value == "2099-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("raw", "others", "changed", "value", "zoned"),
    [
        # The same event with its zone.
        ("2020-03-12T10:00:00", ["2020-03-12T10:00:00+01:00"], [], "2020-03-12T09:00:00.000Z", True),
        ("2020-03-12T10:00:00", ["2020-03-12T04:30:12Z"], [], "2020-03-12T04:30:12.000Z", True),
        ("12 March 2020 10:00", ["Thu, 12 Mar 2020 10:00:20 EST"], [], "2020-03-12T15:00:20.000Z", True),
        # Another event: no offset lies between.
        ("2020-03-12T10:00:00", ["2020-03-12T05:20:00-05:00"], [], "2020-03-12T10:00:00.000Z", False),
        ("2020-03-12T10:00:00", ["2020-03-10T10:00:00+01:00"], [], "2020-03-12T10:00:00.000Z", False),
        # The offset of a change.
        ("2020-03-12T10:00:00", [], ["2020-03-12T10:21:00+05:30"], "2020-03-12T04:30:00.000Z", True),
        ("2020-03-12T10:00:00", [], ["2020-03-13T09:00:00Z"], "2020-03-12T10:00:00.000Z", False),
        ("2020-01-12T10:00:00", [], ["2020-03-12T10:21:00+05:30"], "2020-01-12T10:00:00.000Z", False),
        ("2020-03-12", [], ["2020-03-12T10:21:00+05:30"], "2020-03-12T00:00:00.000Z", True),
    ],
)
def test_a_time_without_zone_has_the_one_that_is_stated_elsewhere(
    raw: str, others: list[str], changed: list[str], value: str, zoned: bool
) -> None:
    stated: list[tuple[str, DateSource]] = [(raw, "raw"), *((text, "json-ld") for text in others)]
    published, flags = find_publication(stated, None, None, SEEN_MS, PARAMS, changed)
    assert published is not None
    assert published.value == value
    assert ("published_at_without_zone" not in flags) is zoned


@pytest.mark.parametrize(
    ("stated", "line", "changed", "zone"),
    [
        ("2020-03-12T10:00:00+01:00", None, [], "stated"),
        ("1584003600", None, [], "stated"),
        ("2020-03-12T10:00:00", None, [], "unknown"),
        ("2020-03-12T10:00:00", "12 March 2020, 10:00 CET", [], "elsewhere"),
        ("2020-03-12T10:00:00", None, ["2020-03-12T10:21:00+05:30"], "elsewhere"),
        ("2020-03-12", None, ["2020-03-12T10:21:00+05:30"], None),
        ("2020-03", None, [], None),
    ],
)
def test_a_date_says_how_its_zone_is_known(stated: str, line: str | None, changed: list[str], zone: str | None) -> None:
    published, _ = find_publication([(stated, "raw")], line, None, SEEN_MS, PARAMS, changed)
    assert published is not None
    assert published.zone == zone


def test_a_change_without_zone_has_the_one_of_its_second_statement() -> None:
    found = find_modification(["2020-03-12T10:00:00", "2020-03-12T10:00:00+01:00"], [], SEEN_MS, PARAMS)
    assert found is not None
    assert found.text == "2020-03-12T09:00:00.000Z"


@pytest.mark.parametrize(
    ("published", "modified", "before"),
    [
        ("2020-03-12T10:00:00Z", "2020-03-12T09:59:00Z", True),
        ("2020-03-12T10:00:00Z", "2020-03-12T10:00:00Z", False),
        ("2020-03-12", "2020-03-11T23:00:00Z", False),
        ("2020-03-12", "2020-03-10T23:00:00Z", True),
        ("2020-03-12T10:00:00Z", "2020-03-12", False),
    ],
)
def test_a_modification_before_the_publication_is_none(published: str, modified: str, before: bool) -> None:
    found, _ = find_publication([(published, "raw")], None, None, SEEN_MS, PARAMS)
    changed = find_modification([modified], [(published, "raw")], SEEN_MS, PARAMS)
    assert found is not None
    assert changed is not None
    assert is_before(changed, found) is before


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://a.example/archiv/2006/11/14/clanek", "2006-11-14"),
        ("https://a.example/domaci.aspx?c=A061114_173000_domaci_jn", "2006-11-14"),
        ("https://a.example/c1/A991114_173000_domaci_jn", "1999-11-14"),
        ("https://a.example/clanek.asp?datum=14.11.2006&id=3", "2006-11-14"),
        ("https://a.example/clanek-20061114.html", "2006-11-14"),
        ("https://a.example/14-11-2006/clanek", "2006-11-14"),
        ("https://a.example/4.11.2006/clanek", "2006-11-04"),
        ("https://a.example/story-2006-11-14.html", "2006-11-14"),
        # Either may be the month.
        ("https://a.example/04-11-2006/clanek", None),
        ("https://a.example/clanek-2006111499.html", None),
        ("https://a.example/clanek-20069914.html", None),
        ("https://a.example/zpravy/061114-clanek.html", None),
    ],
)
def test_days_in_addresses(url: str, day: str | None) -> None:
    moment = read_url_date(url)
    assert (moment.text[:10] if moment is not None else None) == day


@pytest.mark.parametrize(
    ("text", "day"),
    [("14.11.06", "2006-11-14"), (" 14.11.99 ", "1999-11-14"), ("1.14.06", None), ("3.11.06 beta", None)],
)
def test_two_digits_of_the_year_where_they_are_all(text: str, day: str | None) -> None:
    moment = read_moment(text)
    assert (moment.text[:10] if moment is not None else None) == day
