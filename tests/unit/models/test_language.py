"""The language model on texts written for this test."""

import random
import string

import pytest

from pipeline.models.language import LanguageInput, LanguageModel
from pipeline.models.language_params import LanguageParams

TEXTS = {
    "en": "The city council voted on Tuesday to rebuild the old bridge after months of heated debate about its cost.",
    "de": "Der Stadtrat hat am Dienstag beschlossen, die alte Brücke nach langem Streit über die Kosten neu zu bauen.",
    "fr": "Le conseil municipal a décidé mardi de reconstruire le vieux pont après des mois de débats sur son coût.",
    "es": "El ayuntamiento decidió el martes reconstruir el viejo puente tras meses de debate sobre su coste.",
    "ar": "قرر مجلس المدينة يوم الثلاثاء إعادة بناء الجسر القديم بعد أشهر من الجدل حول تكلفته وفائدته للسكان.",
    "ru": "Городской совет во вторник решил перестроить старый мост после нескольких месяцев споров о его стоимости.",
    "uk": "Міська рада у вівторок вирішила перебудувати старий міст після кількох місяців суперечок про його вартість.",
    "el": "Το δημοτικό συμβούλιο αποφάσισε την Τρίτη να ξαναχτίσει την παλιά γέφυρα μετά από μήνες συζητήσεων.",
    "he": "מועצת העיר החליטה ביום שלישי לבנות מחדש את הגשר הישן לאחר חודשים של ויכוחים על עלותו.",
    "hi": "नगर परिषद ने मंगलवार को महीनों की बहस के बाद पुराने पुल को फिर से बनाने का फैसला किया है।",
    "ja": "市議会は火曜日、費用をめぐる数か月の議論を経て、古い橋を建て直すことを決めた。",
    "ko": "시의회는 화요일 비용에 대한 몇 달간의 논쟁 끝에 오래된 다리를 다시 짓기로 결정했다.",
    "zh-Hans": "市议会星期二决定重建旧桥，此前人们就其费用争论了好几个月，许多居民对这个决定表示欢迎。",
    "zh-Hant": "市議會星期二決定重建舊橋，此前人們就其費用爭論了好幾個月，許多居民對這個決定表示歡迎。",
    "sr-Cyrl": "Градско веће је у уторак одлучило да обнови стари мост после вишемесечне расправе о трошковима.",
    "ckb": "ئەنجومەنی شار ڕۆژی سێشەممە بڕیاری دا پردە کۆنەکە دووبارە دروست بکاتەوە دوای چەند مانگێک لە مشتومڕ.",
    "tr": "Belediye meclisi salı günü, aylarca süren tartışmaların ardından eski köprüyü yeniden yapmaya karar verdi.",
    "sw": "Baraza la mji liliamua siku ya Jumanne kujenga upya daraja la zamani baada ya miezi ya mjadala mkali.",
    "th": "สภาเมืองมีมติเมื่อวันอังคารให้สร้างสะพานเก่าขึ้นใหม่ หลังจากถกเถียงเรื่องค่าใช้จ่ายมาหลายเดือน",
}


@pytest.mark.parametrize("tag", TEXTS)
def test_language_of_plain_texts(tag: str, model: LanguageModel) -> None:
    found = model.detect([LanguageInput(body=TEXTS[tag])])[0]
    assert found.tag == tag
    assert found.reliable
    assert 0.8 <= found.confidence <= 1


def test_the_tag_of_serbian_has_its_script(model: LanguageModel) -> None:
    text = (
        "Gradsko veće je u utorak odlučilo da obnovi stari most posle višemesečne rasprave o troškovima, a predsednik "
        "opštine je rekao da će radovi početi sledeće nedelje ako vreme bude lepo."
    )
    assert model.detect([LanguageInput(body=text)])[0].tag == "sr-Latn"


CLOSE_LANGUAGES = {
    "hr": (
        "Gradsko vijeće je u utorak odlučilo obnoviti stari most, a općina će sljedeći tjedan raspisati natječaj. "
        "Tisuće građana tražile su da radovi počnu u siječnju, jer vlak prema sveučilištu ne vozi već nekoliko mjeseci."
    ),
    "bs": (
        "Gradsko vijeće je u utorak odlučilo da obnovi historijski most, a općina će naredne sedmice "
        "raspisati konkurs. Hiljade građana tražile su da radovi počnu u januaru, kazao je "
        "načelnik, jer je dio mosta u Sarajevu zatvoren."
    ),
    "sr-Latn": (
        "Gradsko veće je u utorak odlučilo da obnovi stari most, a opština će sledeće nedelje raspisati konkurs. "
        "Hiljade građana tražile su da radovi počnu u januaru, jer voz prema univerzitetu ne vozi nekoliko meseci."
    ),
}


@pytest.mark.parametrize("tag", CLOSE_LANGUAGES)
def test_close_languages_are_distinguished(tag: str, model: LanguageModel) -> None:
    found = model.detect([LanguageInput(body=CLOSE_LANGUAGES[tag])])[0]
    assert found.tag == tag
    assert {item.tag for item in found.alternatives} <= CLOSE_LANGUAGES.keys()


def test_a_hint_decides_between_close_languages_where_the_text_does_not(model: LanguageModel) -> None:
    text = "Predsjednik je u utorak otvorio novi most preko rijeke."
    plain = model.detect([LanguageInput(body=text)])[0]
    assert not plain.reliable
    other = plain.alternatives[0].tag
    hinted = model.detect([LanguageInput(body=text, hint=other)])[0]
    assert (hinted.tag, hinted.method) == (other, "hint")


def _garbage() -> list[str]:
    rng = random.Random(5)
    return [
        "",
        " \n\t",
        "12 345 67,8 — 90 %",
        "😀🎉🔥" * 20,
        "".join(rng.choices(string.ascii_letters + string.digits, k=300)),
        " ".join(rng.randbytes(6).hex() for _ in range(30)),
        '{"a": [1, 2, {"b": null}], "c": {"d": "e"}, "f": [true, false]}' * 4,
        "https://www.example.org/a/b/c?d=e https://www.example.com/index.html?x=1&y=2",
        "ok",
    ]


@pytest.mark.parametrize("text", _garbage())
def test_garbage_has_no_language(text: str, model: LanguageModel) -> None:
    found = model.detect([LanguageInput(body=text)])[0]
    assert (found.tag, found.reliable) == ("und", False)


def test_characters_that_cld2_rejects(model: LanguageModel) -> None:
    texts = [f"{TEXTS['en']}\x00\x0b\ufffe{TEXTS['en']}", f"{TEXTS['en']} \U000e0001 \ud800", "\ud800\udc00" * 50]
    assert [item.tag for item in model.detect([LanguageInput(body=text) for text in texts])] == ["en", "en", "und"]


def test_reads_the_headline_of_a_short_body(model: LanguageModel) -> None:
    assert model.detect([LanguageInput(headline=TEXTS["de"], body="Video")])[0].tag == "de"


def test_ignores_the_headline_of_a_long_body(model: LanguageModel) -> None:
    assert model.detect([LanguageInput(headline=TEXTS["fr"], body=TEXTS["ru"])])[0].tag == "ru"


def test_a_text_in_two_languages_is_mul(model: LanguageModel) -> None:
    found = model.detect([LanguageInput(body=" ".join([TEXTS["en"]] * 2 + [TEXTS["es"]] * 2))])[0]
    assert found.tag == "mul"
    assert found.confidence == LanguageParams().confidence.mixed
    assert {item.tag for item in found.alternatives} >= {"en", "es"}


def test_hint_does_not_overrule_a_clear_text(model: LanguageModel) -> None:
    assert model.detect([LanguageInput(body=TEXTS["en"], hint="fr-FR")])[0].tag == "en"


def test_answer_does_not_depend_on_the_batch(model: LanguageModel) -> None:
    inputs = [LanguageInput(body=text) for text in [*TEXTS.values(), *_garbage()]]
    together = model.detect(inputs)
    assert together == [model.detect([item])[0] for item in inputs]
    assert model.detect(inputs[::-1]) == together[::-1]
