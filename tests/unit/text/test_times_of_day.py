"""Times of day and zones, in the forms that software and people write."""

import pytest

from pipeline.text.dates import read_moment


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Tue, Mar 3 2026 08:28:28 PM", "2026-03-03T20:28:28.000Z"),
        ("3/25/2026 5:30:00 PM", "2026-03-25T17:30:00.000Z"),
        ("2026-03-25 12:05:00 AM", "2026-03-25T00:05:00.000Z"),
        ("Wed, 25 Mar 2026 5:30:00 PM", "2026-03-25T17:30:00.000Z"),
        ("Wed, 25 Mar 2026 5:30 PM", "2026-03-25T17:30:00.000Z"),
        ("25 March 2026, 5.30pm", "2026-03-25T17:30:00.000Z"),
        ("25 March 2026, 5 p.m.", "2026-03-25T17:00:00.000Z"),
        ("25 March 2026 at 5:30 p. m.", "2026-03-25T17:30:00.000Z"),
        ("PM 5:30, 25 March 2026", "2026-03-25T17:30:00.000Z"),
        ("2026년 3월 25일 오후 5:30", "2026-03-25T17:30:00.000Z"),
        ("2026. 3. 25. 오전 12:30:10", "2026-03-25T00:30:10.000Z"),
        ("2026年3月25日 下午5時30分", "2026-03-25T17:30:00.000Z"),
        ("2026年3月25日 午前9時", "2026-03-25T09:00:00.000Z"),
        ("25 مارس 2026 5:30 م", "2026-03-25T17:30:00.000Z"),
        ("25 مارس 2026 5:30 مساءً", "2026-03-25T17:30:00.000Z"),
        ("25 Μαρτίου 2026 5:30 μ.μ.", "2026-03-25T17:30:00.000Z"),
        ("25/3/2026 5:30:00 CH", "2026-03-25T17:30:00.000Z"),
        ("2026. március 25. du. 5:30", "2026-03-25T17:30:00.000Z"),
        ("17:30 PM, 25 March 2026", "2026-03-25T17:30:00.000Z"),
        ("9:30 du 25 mars 2026", "2026-03-25T09:30:00.000Z"),
    ],
)
def test_halves_of_the_day(text: str, value: str) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert (moment.text, moment.zoned) == (value, False)


@pytest.mark.parametrize(
    "text",
    [
        "25. März 2026, 17.30 Uhr",
        "25 mars 2026 à 17h30",
        "25 mars 2026 à 17 h 30",
        "onsdag 25 mars 2026 kl. 17.30",
        "25.3.2026 klo 17.30",
        "25 มีนาคม 2569 เวลา 17.30 น.",
        "2026年3月25日17時30分",
        "25. 3. 2026 17:30",
        "25.3.2026, 17:30",
        "2026.03.25. 17:30",
        "2026. 3. 25. 17:30",
        "25-Mar-2026 17:30",
        "25/Mar/2026:17:30",
        "25-MAR-26 17:30",
        "25 March 2026 17:30-18:00",
    ],
)
def test_forms_of_one_time(text: str) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert (moment.text, moment.precision, moment.zoned) == ("2026-03-25T17:30:00.000Z", "minute", False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Wed, 25 Mar 2026 17:30:00 CET", "2026-03-25T16:30:00.000Z"),
        ("Wed, 25 Mar 2026 17:30:00 MSK", "2026-03-25T14:30:00.000Z"),
        ("Wed, 25 Mar 2026 17:30:00 CST", "2026-03-25T23:30:00.000Z"),
        ("Wed, 25 Mar 2026 17:30:00 +01:00", "2026-03-25T16:30:00.000Z"),
        ("2026-03-25 17:30:00 EST", "2026-03-25T22:30:00.000Z"),
        ("25 July 2026 17:30 CEST", "2026-07-25T15:30:00.000Z"),
        ("25. Juli 2026, 17.30 Uhr MESZ", "2026-07-25T15:30:00.000Z"),
        ("July 25, 2026, 5 p.m. ET", "2026-07-25T21:00:00.000Z"),
        ("January 25, 2026, 5:30 PM (PT)", "2026-01-26T01:30:00.000Z"),
        ("25 Maret 2026 17:30 WIB", "2026-03-25T10:30:00.000Z"),
        ("25 March 2026 17:30 (GMT+7)", "2026-03-25T10:30:00.000Z"),
        ("25 March 2026 17:30 UTC+05:45", "2026-03-25T11:45:00.000Z"),
        ("25 March 2026 17:30 UTC\u22123", "2026-03-25T20:30:00.000Z"),
        ("Wed Mar 25 2026 17:30:41 GMT+0000 (Coordinated Universal Time)", "2026-03-25T17:30:41.000Z"),
        ("Wed Mar 25 2026 17:30:41 GMT-0500", "2026-03-25T22:30:41.000Z"),
        ("Wed Mar 25 17:30:41 JST 2026", "2026-03-25T08:30:41.000Z"),
        ("Wednesday, 25-Mar-26 17:30:00 GMT", "2026-03-25T17:30:00.000Z"),
        ("25/Mar/2026:17:30:00 +0100", "2026-03-25T16:30:00.000Z"),
        ("Wed, 25 Mar 2026 20:21:00 America/Los_Angeles", "2026-03-26T03:21:00.000Z"),
        ("2026-07-25T17:30:00+02:00[Europe/Berlin]", "2026-07-25T15:30:00.000Z"),
        ("2026-07-25T17:30 Europe/Berlin", "2026-07-25T15:30:00.000Z"),
        ("2026-01-25 17:30 America/Argentina/Buenos_Aires", "2026-01-25T20:30:00.000Z"),
        ("/Date(1774459800000+0100)/", "2026-03-25T17:30:00.000Z"),
        ("1774459800.25", "2026-03-25T17:30:00.000Z"),
        ("1774459800000000", "2026-03-25T17:30:00.000Z"),
    ],
)
def test_zones(text: str, value: str) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert (moment.text, moment.zoned) == (value, True)


@pytest.mark.parametrize(
    "text", ["25 March 2026 17:30 IST", "25 March 2026 17:30 Mars/Olympus", "25 mars 2026 17:30 est"]
)
def test_a_zone_that_is_unknown_or_of_several_countries_is_not_guessed(text: str) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert (moment.text, moment.zoned) == ("2026-03-25T17:30:00.000Z", False)


@pytest.mark.parametrize(
    "text", ["0", "1970-01-01", "1970-01-01T00:00:00Z", "1969-12-31T19:00:00-05:00", "Thu, 01 Jan 1970 00:00:00 GMT"]
)
def test_the_zero_of_a_clock_is_no_date(text: str) -> None:
    assert read_moment(text) is None
