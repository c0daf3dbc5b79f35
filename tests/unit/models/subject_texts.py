"""Texts with an evident subject, written for tests."""

from pipeline.models.subjects.reading import SubjectInput

__all__ = ["HEALTH", "POLITICS_AR", "SPORT"]

SPORT = SubjectInput(
    headline="United win the cup final after extra time",
    body="The striker scored twice in the second half and the goalkeeper saved a late penalty as the team won the "
    "championship match in front of sixty thousand football fans. The coach praised his players after the game "
    "and said the club would now prepare for the next season and the league.",
    language="en",
)
HEALTH = SubjectInput(
    headline="Hospitals report fewer flu patients",
    body="Doctors said that vaccination had reduced the number of infections. The health ministry advised patients "
    "with symptoms to see a doctor, and hospitals opened new wards for the treatment of the "
    "disease. Nurses and doctors in the capital treated children with fever in the new clinic.",
    language="en",
)
POLITICS_AR = SubjectInput(
    headline="الرئيس يلتقي رئيس الوزراء لبحث تشكيل الحكومة الجديدة",
    body="التقى رئيس الجمهورية رئيس الوزراء وعددا من الوزراء لبحث تشكيل الحكومة الجديدة بعد الانتخابات البرلمانية، "
    "وقال المتحدث باسم الرئاسة إن المشاورات مع الأحزاب السياسية ستستمر خلال الأيام المقبلة.",
    language="ar",
)
