"""Articles that quote another script, and scripts of which a character says more than a Latin letter."""

import pytest

from pipeline.models.language import LanguageInput, LanguageModel

ENGLISH = (
    "The dam held through the night, engineers said on Tuesday, and the villages below it are out of danger. "
    "An evacuation plan had been ready since Sunday, and twenty buses waited at the entrances of the villages. "
    "The ministry said that the water would fall within a week if no more rain came down in the mountains. "
)
FRENCH = (
    "Le barrage a tenu toute la nuit, ont déclaré mardi les ingénieurs, et les villages ne sont plus en danger. "
    "Un plan d'évacuation était prêt depuis dimanche, et vingt autocars attendaient à l'entrée des villages. "
    "Le ministère a dit que les eaux baisseraient en une semaine s'il ne pleuvait plus dans les montagnes. "
)
QUOTATIONS = {
    "Cyrillic": "«Мы не уйдём из своих домов, потому что здесь похоронены наши отцы. Вода уже спадает.» ",
    "Arabic": "«لن نغادر بيوتنا لأن آباءنا دفنوا هنا. الماء ينحسر الآن.» ",
    "Greek": "«Δεν θα φύγουμε από τα σπίτια μας, γιατί εδώ είναι θαμμένοι οι πατέρες μας. Το νερό πέφτει.» ",
    "Hebrew": "«לא נעזוב את בתינו, כי כאן קבורים אבותינו. המים כבר יורדים.» ",
    "Georgian": "«ჩვენ არ დავტოვებთ სახლებს, რადგან აქ მამები გვყავს დაკრძალული. წყალი იკლებს.» ",
    "Armenian": "«Մենք չենք լքի մեր տները, քանի որ մեր հայրերը թաղված են այստեղ։ Ջուրն իջնում է։» ",
}
CHINESE = (
    "大坝整夜安全，工程师星期二说，下游的村庄已经脱离危险。疏散计划从星期天起就准备好了，二十辆公共汽车在村口等候。"
    "水利部说，如果山区不再下雨，水位将在一周内下降，居民下周一可以返回家中。"
)
JAPANESE = (
    "ダムは一晩持ちこたえ、下流の村はもう危険ではないと技術者は火曜日に語った。避難の計画は日曜日から用意され、"
    "二十台のバスが村の入り口で待っていた。山に雨が降らなければ、水は一週間で引くと省は述べた。"
)
KOREAN = (
    "댐은 밤새 버텼고 아래 마을들은 이제 위험하지 않다고 기술자들이 화요일에 말했다. 대피 계획은 일요일부터 "
    "준비되어 있었고 버스 스무 대가 마을 어귀에서 기다렸다. "
    "산에 비가 더 오지 않으면 물은 일주일 안에 빠질 것이라고 부처는 밝혔다. "
)
AMHARIC = "ግድቡ ሌሊቱን ሙሉ መቋቋሙን መሐንዲሶች ማክሰኞ ዕለት ተናገሩ። ከታች ያሉት መንደሮች ከአደጋ ወጥተዋል። ሃያ አውቶቡሶች በመንደሮቹ መግቢያ ይጠብቁ ነበር።"


@pytest.mark.parametrize("script", QUOTATIONS)
@pytest.mark.parametrize(("text", "tag"), [(ENGLISH, "en"), (FRENCH, "fr")])
def test_an_article_that_opens_with_a_quotation_has_its_language(
    script: str, text: str, tag: str, model: LanguageModel
) -> None:
    (found,) = model.detect([LanguageInput(body=QUOTATIONS[script] + text * 2)])
    assert found.tag == tag


@pytest.mark.parametrize(("text", "tag"), [(CHINESE, "zh-Hans"), (JAPANESE, "ja"), (KOREAN, "ko")])
@pytest.mark.parametrize("is_first", [True, False])
def test_some_english_sentences_do_not_make_an_article_mixed(
    text: str, tag: str, is_first: bool, model: LanguageModel
) -> None:
    english = ENGLISH[:207]
    (found,) = model.detect([LanguageInput(body=english + text * 2 if is_first else text * 2 + english)])
    assert found.tag == tag


def test_an_article_half_in_chinese_is_mixed(model: LanguageModel) -> None:
    (found,) = model.detect([LanguageInput(body=CHINESE + "\n" + ENGLISH)])
    assert found.tag == "mul"


@pytest.mark.parametrize("between", [" ", "፡", " ፡ "])
def test_ethiopic_word_separators_are_spaces(between: str, model: LanguageModel) -> None:
    (found,) = model.detect([LanguageInput(body=AMHARIC.replace(" ", between))])
    assert found.tag == "am"
