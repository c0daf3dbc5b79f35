"""Add labelled news sets of public repositories to a directory of corpora, from local clones.

    python scripts/fetch_subject_sets.py DATA CLONES

`CLONES` contains the repositories as `owner+name`, bare or not. Each set is taken from one commit under one licence,
both declared below. Only sets whose licence permits it may be listed in `SHIPPED` of
`pipeline_research.training.corpora`. The texts belong to their publishers and are not part of this repository.
"""

import csv
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Row = dict[str, str]


@dataclass(frozen=True)
class Source:
    """A labelled set.

    Attributes:
        repository: `owner/name` on GitHub.
        commit: The commit whose files are read.
        licence: Of the texts, with its place or restriction.
        rows: Reads the rows out of a clone.
        labels: Code of the IPTC Media Topic by label of the set; `skip` leaves a label out.
    """

    repository: str
    commit: str
    licence: str
    rows: Callable[["Source", Path], Iterator[Row]]
    labels: Mapping[str, str]

    def text(self, clone: Path, path: str) -> str:
        """Return the text of a file at the commit."""
        command = ["git", "-C", str(clone), "show", f"{self.commit}:{path}"]
        found = subprocess.run(command, check=True, capture_output=True)  # noqa: S603  fixed paths
        return found.stdout.decode("utf-8", "replace")


def _dikgang(source: Source, clone: Path) -> Iterator[Row]:
    """Yield articles of Botswana's Daily News with IPTC subjects, without the training part, which mirrors omit."""
    for part in ("dev", "test"):
        text = source.text(clone, f"daily-news-dikgang/daily-news-dikgang-{part}.tsv")
        for row in csv.DictReader(io.StringIO(text), delimiter="\t"):
            yield {"lang": "tn", "text": f"{row['title']}\n{row['text']}", "label": row["orig_label"]}


def _german(source: Source, clone: Path) -> Iterator[Row]:
    """Yield articles of Der Standard with their sections."""
    text = source.text(clone, "test.csv")
    for label, body in csv.reader(io.StringIO(text), delimiter=";", quotechar="'"):
        yield {"lang": "de", "text": body, "label": label}


def _vietnamese(source: Source, clone: Path) -> Iterator[Row]:
    """Yield headlines of VnExpress; there is a file for each section."""
    for label in source.labels:
        for line in source.text(clone, f"raw_data/{label}.txt").splitlines():
            if line.strip():
                yield {"lang": "vi", "text": line.strip(), "label": label}


SOURCES: Final = {
    "dikgang_setswana": Source(
        repository="dsfsi/PuoBERTa",
        commit="742f5760618a8c74a3f9b7c4234f00a596b8ef8c",
        licence="CC BY-SA 4.0 (daily-news-dikgang/LICENSE.data.md)",
        rows=_dikgang,
        labels={
            "society": "14000000",
            "politics": "11000000",
            "economy_business_and_finance": "04000000",
            "education": "05000000",
            "crime_law_and_justice": "02000000",
            "health": "07000000",
            "arts_culture_entertainment_and_media": "01000000",
            "religion_and_belief": "12000000",
            "disaster_accident_and_emergency_incident": "03000000",
            "environment": "06000000",
        },
    ),
    "10kgnad_test": Source(
        repository="tblock/10kGNAD",
        commit="da845fe4a16f02a8de10903ffbc636d1c8d21862",
        licence="CC BY-NC-SA 4.0: for measuring only",
        rows=_german,
        labels={
            "Web": "13000000",
            "Panorama": "skip",
            "International": "skip",
            "Wirtschaft": "04000000",
            "Sport": "15000000",
            "Inland": "11000000",
            "Etat": "01000000",
            "Wissenschaft": "13000000",
            "Kultur": "01000000",
        },
    ),
    "vnexpress_titles_vi": Source(
        repository="vuminhoang/vnexpress-title-classification",
        commit="48b201108ec114fc5e3f8ec87ad27cf6b95d5d6e",
        licence="none stated: for measuring only",
        rows=_vietnamese,
        labels={
            "DU_LICH": "10000000",
            "GIAI_TRI": "01000000",
            "GIAO_DUC": "05000000",
            "KHOA_HOC": "13000000",
            "KINH_DOANH": "04000000",
            "PHAP_LUAT": "02000000",
            "SUC_KHOE": "07000000",
            "THE_THAO": "15000000",
        },
    ),
}


def main(data: Path, clones: Path) -> int:
    """Write the sets whose clone exists, and add their labels to the label map."""
    path = data / "label_map.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    for name, source in SOURCES.items():
        clone = clones / source.repository.replace("/", "+")
        if not clone.is_dir():
            print(f"{name}: {clone} does not exist; clone {source.repository} there")
            continue
        rows = list(source.rows(source, clone))
        with gzip.open(data / "topic" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        known[name] = dict(source.labels)
        print(f"{name}: {len(rows)} texts of {source.repository} at {source.commit[:12]}, {source.licence}")
    path.write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
