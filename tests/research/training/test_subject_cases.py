"""Texts that calibrate and measure: their forms, and which are taken."""

from collections.abc import Callable
from pathlib import Path

from pipeline_research.training.labels_read import is_held_out
from pipeline_research.training.subject_cases import gold_articles, held_out, with_forms
from tests.research.subject_stubs import write_subject_corpora

Write = Callable[..., None]


def test_an_article_has_three_forms() -> None:
    forms = dict(with_forms("Storm hits\nA storm hit the U.S. coast on Monday. Nobody was hurt.\nMore follows."))
    assert (forms["article"].headline, forms["article"].body[:7]) == ("Storm hits", "A storm")
    assert forms["opening"].body == "A storm hit the U.S. coast on Monday."
    assert (forms["headline"].headline, forms["headline"].body) == ("Storm hits", "")


def test_first_sentences_end_in_any_script() -> None:
    chinese = "今天早上在北京举行了一次关于全国经济发展情况的重要会议。会议由总理主持。"
    hindi = "आज सुबह दिल्ली में एक महत्वपूर्ण बैठक हुई। प्रधानमंत्री ने अध्यक्षता की।"
    assert dict(with_forms(f"题目\n{chinese}"))["opening"].body.endswith("会议。")
    assert dict(with_forms(f"शीर्षक\n{hindi}"))["opening"].body.endswith("हुई।")
    assert len(dict(with_forms(f"t\n{'word ' * 200}"))["opening"].body) <= 400


def test_a_text_without_a_headline_has_no_form_of_it() -> None:
    assert [form for form, _ in with_forms("One paragraph only, without a headline above it.")] == [
        "article",
        "opening",
    ]
    assert "headline" not in dict(with_forms(f"{'A paragraph. ' * 30}\nAnother one."))


def test_only_held_out_texts_are_taken_in_all_their_forms(tmp_path: Path, write: Write) -> None:
    write_subject_corpora(write)
    cases = held_out(tmp_path, 1)
    documents = {case.group for case in cases if case.set == "ntrex_news"}
    assert documents == {f"d{number}" for number in range(120) if is_held_out(f"d{number}")}
    assert {case.form for case in cases} == {"article", "opening", "headline"}
    assert {case.given.language for case in cases} == {"en"}


def test_sentences_are_limited_by_language(tmp_path: Path, write: Write) -> None:
    write(
        "topic/sib200", [{"lang": "eng-Latn", "id": str(n), "text": f"A sentence with number {n}."} for n in range(99)]
    )
    (tmp_path / "sib200_iptc.tsv").write_text("".join(f"{n}\t13000000\n" for n in range(99)), encoding="utf-8")
    assert [(case.form, case.tag) for case in held_out(tmp_path, 3)] == [("sentence", "en")] * 3


def test_articles_for_measuring_have_defensible_codes(tmp_path: Path, write: Write) -> None:
    write_subject_corpora(write)
    first = gold_articles(tmp_path)[0]
    assert (first.codes, first.defensible, first.right) == (("15000000",), ("14000000",), ("15000000", "14000000"))
