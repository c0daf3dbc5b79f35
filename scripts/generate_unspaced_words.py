"""Write the words of languages without spaces, by frequency, which `pipeline.text.segmentation` reads.

    uv run --with wordfreq --with opencc --with pythainlp python -m scripts.generate_unspaced_words ICU TEXTS

Chinese words are those of the package wordfreq, in traditional letters by the package opencc. Thai words are those of
the package pythainlp, in the order of the Thai National Corpus. Lao, Khmer and Burmese words are those of the
dictionaries in ICU, a directory with the files laodict.txt, khmerdict.txt and burmesedict.txt of the library's source
(icu4c/source/data/brkitr/dictionaries); their order is that of their number in the sentences of SIB-200 and, but for
Burmese, which is in an old encoding there, in the first half of the documents of NTREX. Both are in TEXTS, a directory
of labelled sets.
"""

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from opencc import OpenCC
from wordfreq import iter_wordlist

from pipeline.text.segmentation import Segmenter, clusters

__all__ = ["main"]

OUTPUT = Path(__file__).resolve().parents[1] / "pipeline" / "text" / "data" / "unspaced_words.json.gz"
CHINESE_WORDS = 40_000
MAX_HAN = 6  # characters of a Chinese word; longer ones are sentences of proverbs and names of firms
MAX_CLUSTERS = {"th": 8, "lo": 5, "km": 4, "my": 6}  # of a word; longer ones are compounds of others
TRADITIONAL = ("s2t", "s2tw", "s2twp", "s2hk")  # letters alone, those of Taiwan, its words too, and those of Hong Kong
ICU_FILES = {"lo": "laodict.txt", "km": "khmerdict.txt", "my": "burmesedict.txt"}
SIB_CODES = {"lo": "lao-Laoo", "km": "khm-Khmr", "my": "mya-Mymr"}
ROUNDS = 3  # of cutting the texts and counting the words, each with the order of the last one
SCRIPTS = {"th": "[\u0e01-\u0e4e]+", "lo": "[\u0e81-\u0edf]+", "km": "[\u1780-\u17dd]+", "my": "[\u1000-\u109f]+"}


def main(arguments: list[str]) -> int:
    """Write the table."""
    icu, texts = map(Path, arguments)
    chinese = _chinese()
    table = {"zh": (chinese, []), "zh-Hant": (_traditional(chinese), []), "th": _thai()}
    for language, name in ICU_FILES.items():
        words = _fitting((icu / name).read_text("utf-8").splitlines(), language)
        table[language] = _counted(language, words, list(_texts(texts, language)))
    data = json.dumps({tag: [" ".join(part) for part in lists] for tag, lists in table.items()}, ensure_ascii=False)
    OUTPUT.write_bytes(gzip.compress(data.encode(), mtime=0))
    for tag, (ranked, others) in table.items():
        print(f"{tag}: {len(ranked):,} words by frequency, {len(others):,} others")
    print(f"{OUTPUT.name}: {OUTPUT.stat().st_size:,} bytes")
    return 0


def _chinese() -> list[str]:
    found: list[str] = []
    for word in iter_wordlist("zh", "best"):
        if re.fullmatch("[\u3400-\u9fff]+", word) and len(word) <= MAX_HAN:
            found.append(word)
            if len(found) == CHINESE_WORDS:
                break
    return found


def _traditional(words: Iterable[str]) -> list[str]:
    """Return words in traditional letters, in each way in which they are written."""
    converters = [OpenCC(name) for name in TRADITIONAL]
    return list(dict.fromkeys(converter.convert(word) for word in words for converter in converters))


def _thai() -> tuple[list[str], list[str]]:
    corpus = files("pythainlp").joinpath("corpus")
    known = _fitting(corpus.joinpath("words_th.txt").read_text("utf-8").splitlines(), "th")
    listed = frozenset(known)
    lines = corpus.joinpath("tnc_freq.txt").read_text("utf-8").splitlines()
    ranked = [word for word in (line.partition("\t")[0] for line in lines) if word in listed]
    seen = frozenset(ranked)
    return ranked, [word for word in known if word not in seen]


def _fitting(lines: Iterable[str], language: str) -> list[str]:
    """Return the words of a dictionary in its order: lines of one script, without comments, that are not too long."""
    script, most = re.compile(SCRIPTS[language]), MAX_CLUSTERS[language]
    words = dict.fromkeys(line.partition("\t")[0].strip().replace("\u200b", "") for line in lines)
    return [word for word in words if script.fullmatch(word) and len(clusters(word)) <= most]


def _texts(texts: Path, language: str) -> Iterator[str]:
    with gzip.open(texts / "topic" / "sib200.jsonl.gz") as lines:
        for record in map(json.loads, lines):
            if record["lang"] == SIB_CODES[language]:
                yield record["text"]
    if language == "my":
        return
    with gzip.open(texts / "topic" / "ntrex_news.jsonl.gz") as lines:
        found = [record for record in map(json.loads, lines) if record["lang"] == language]
    found.sort(key=lambda record: record["doc"])
    yield from (record["text"] for record in found[: len(found) // 2])


def _counted(language: str, words: Sequence[str], texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the words that occur in texts, the most frequent first, and the others.

    The first cut takes the fewest words, as all are equally rare; then frequent words are taken rather than rare ones.
    """
    ranked: list[str] = []
    others = list(words)
    for _ in range(ROUNDS):
        cutter = Segmenter(language, ranked, others)
        counts = Counter(word for text in texts for word in cutter.cut(text))
        ranked = [word for word in sorted(words, key=lambda word: (-counts[word], word)) if counts[word]]
        others = [word for word in words if not counts[word]]
    return ranked, others


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
