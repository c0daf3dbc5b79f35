"""Dates in the forms, calendars and numerals that news uses."""

import pytest

from pipeline.text.calendars import from_buddhist, from_hijri, from_jalali
from pipeline.text.dates import instant_ms, read_moment, read_url_date


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


def test_a_time_without_zone_says_so() -> None:
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
    assert instant_ms("1970-01-01T00:00:01Z") == 1000
    assert instant_ms(None) is None
