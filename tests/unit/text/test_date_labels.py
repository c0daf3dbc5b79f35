"""Date lines that state a publication, a change, or both."""

import pytest

from pipeline.text.date_labels import read_date_line
from pipeline.text.dates import read_moment


@pytest.mark.parametrize(
    ("line", "published", "modified"),
    [
        ("14 March 2026", "2026-03-14", None),
        ("Updated 14/03/2026 19:20", None, "2026-03-14"),
        ("14 March 2026 (updated)", None, "2026-03-14"),
        ("Published 13 March 2026, updated 14 March 2026 10:00", "2026-03-13", "2026-03-14"),
        ("13 March 2026, updated 14 March 2026", "2026-03-13", "2026-03-14"),
        ("Updated 14 March 2026 | Posted 13 March 2026", "2026-03-13", "2026-03-14"),
        ("Aktualisiert am 14.03.2026, 10:15 Uhr", None, "2026-03-14"),
        ("13.03.2026 | zuletzt aktualisiert 14.03.2026", "2026-03-13", "2026-03-14"),
        ("Publicado el 13 de marzo de 2026 | Actualizado el 14 de marzo de 2026", "2026-03-13", "2026-03-14"),
        ("2026年3月13日 公開 2026年3月14日 更新", "2026-03-13", "2026-03-14"),
        ("입력 2026.03.13 10:00 수정 2026.03.14 11:00", "2026-03-13", "2026-03-14"),
        ("Обновлено: 14 марта 2026", None, "2026-03-14"),
    ],
)
def test_dates_count_as_they_are_labelled(line: str, published: str | None, modified: str | None) -> None:
    found = read_date_line(line)
    assert _day(found.published) == published
    assert _day(found.modified) == modified


def _day(text: str | None) -> str | None:
    moment = read_moment(text) if text is not None else None
    return moment.text[:10] if moment is not None else None
