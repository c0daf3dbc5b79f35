"""Lines that a source puts around many of its articles: data that `learn boilerplate` made, and how it is applied."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from pipeline.domain.ids import digest_hex
from pipeline.text.boilerplate import line_key

__all__ = [
    "FORMAT",
    "NO_LINES",
    "BoilerplateFile",
    "LearnedBoilerplate",
    "LearnedLine",
    "at_edge",
    "without_learned",
]

FORMAT = 1
"""Version of the file's layout."""

NO_LINES: Mapping[str, bool] = {}
"""What is known of a source of which nothing was learned."""

# Where boilerplate stands that may not be taken out of the middle of a text: this many lines from its ends, of a short
# text a quarter of its lines.
_HEAD_LINES = 4
_TAIL_LINES = 10
_EDGE_PART = 4


class LearnedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of one source, how many of its articles had it, and whether it is boilerplate in mid-text too."""

    line: str
    articles: int
    anywhere: bool = False


class BoilerplateFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of the data file: lines by source, as people read them."""

    format: int
    version: str
    sources: dict[str, list[LearnedLine]]


class LearnedBoilerplate(Struct, frozen=True):
    """What `ingest` needs of it: by source, the keys of lines; the value tells whether a line goes in mid-text too."""

    version: str
    sources: Mapping[str, Mapping[str, bool]]

    @classmethod
    def from_sources(cls, sources: Mapping[str, Sequence[LearnedLine]]) -> "LearnedBoilerplate":
        """Index the lines. The version is made from what decides, so equal versions remove equal lines."""
        index = {
            source: {key: line.anywhere for line in lines if (key := line_key(line.line))}
            for source, lines in sources.items()
        }
        parts = (
            f"{source}\n{key}\n{int(anywhere)}"
            for source in sorted(index)
            for key, anywhere in sorted(index[source].items())
        )
        return cls(digest_hex("boilerplate", str(FORMAT), *parts, size=6), index)

    @classmethod
    def parse(cls, data: bytes) -> "LearnedBoilerplate":
        """Read the data file.

        Raises:
            ValueError: It is none, of another format, or its version is not that of its lines.
        """
        try:
            file = msgspec.json.decode(data, type=BoilerplateFile)
        except msgspec.DecodeError as error:
            raise ValueError(f"not a boilerplate file: {error}") from error
        if file.format != FORMAT:
            raise ValueError(f"format {file.format}; this release reads {FORMAT}")
        learned = cls.from_sources(file.sources)
        if file.version != learned.version:
            raise ValueError(
                f"version {file.version} is not that of its lines; after editing them, write {learned.version}"
            )
        return learned

    def of(self, source: str | None) -> Mapping[str, bool]:
        """Return the lines of one source, by key."""
        return self.sources.get(source, NO_LINES) if source is not None else NO_LINES


def at_edge(index: int, count: int) -> bool:
    """Tell whether a line stands near the beginning or the end of `count` lines."""
    most = max(1, count // _EDGE_PART)
    return index < min(_HEAD_LINES, most) or index >= count - min(_TAIL_LINES, most)


def without_learned(lines: Sequence[str], learned: Mapping[str, bool]) -> Sequence[str]:
    """Return the lines that are not known as the source's boilerplate; all of them if none would remain."""
    if not learned:
        return lines
    kept = []
    for index, line in enumerate(lines):
        anywhere = learned.get(line_key(line))
        if anywhere is None or not (anywhere or at_edge(index, len(lines))):
            kept.append(line)
    return kept or lines
