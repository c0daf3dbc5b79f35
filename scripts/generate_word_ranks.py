"""Write the words of each language in the order of their frequency, which `pipeline.text.word_ranks` reads.

    uv run --with wordfreq python -m scripts.generate_word_ranks [NEWS]

The frequencies are those of the package wordfreq. For languages that it lacks, words are counted in NEWS, a .jsonl.gz
file of MasakhaNEWS: the number of texts that contain them.
"""

import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from wordfreq import available_languages, iter_wordlist

from pipeline.text.facts.words import words_of

__all__ = ["main"]

OUTPUT = Path(__file__).resolve().parents[1] / "pipeline" / "text" / "data" / "word_ranks.json.gz"
WORDS = 4000
MIN_TEXTS = 3  # with a word, in a set of news
LEFT_OUT = frozenset({"zh"})  # needs a dictionary to be cut into words
TAGS = {"sh": ("hr", "bs", "sr-Latn"), "nb": ("nb", "no", "nn")}


def main(arguments: list[str]) -> int:
    """Write the table."""
    table: dict[str, str] = {}
    for language in sorted(set(available_languages("small")) - LEFT_OUT):
        ranked = _ranked(iter_wordlist(language, "best"))
        for tag in TAGS.get(language, (language,)):
            table[tag] = ranked
    if arguments:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        with gzip.open(arguments[0]) as lines:
            for line in lines:
                record = json.loads(line)
                counts[record["lang"]].update(set(words_of(record["text"].lower())))
        for language, count in sorted(counts.items()):
            words = sorted(word for word, texts in count.items() if texts >= MIN_TEXTS)
            table.setdefault(language, _ranked(sorted(words, key=lambda word: -count[word])))
    data = json.dumps(dict(sorted(table.items())), ensure_ascii=False, indent=0).encode()
    OUTPUT.write_bytes(gzip.compress(data, mtime=0))
    print(f"{OUTPUT.name}: {OUTPUT.stat().st_size:,} bytes, {len(table)} languages")
    return 0


def _ranked(words: Iterable[str]) -> str:
    found: list[str] = []
    for word in words:
        if not any(char.isdigit() or char.isspace() for char in word) and any(map(str.isalpha, word)):
            found.append(word)
            if len(found) == WORDS:
                break
    return " ".join(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
