"""The index on disk: articles and clusters, and the positions in the topics, changed by one atomic commit."""

import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
import tantivy

from pipeline.domain.record import Place, Record
from pipeline.errors import ConfigError, FatalError
from pipeline.observability.logging import get_logger
from pipeline.search.documents import article_document, positions_document, story_document, vector_of
from pipeline.search.params import INDEX
from pipeline.search.schema import ARTICLE, POSITIONS, SCHEMA, STORY, key_of
from pipeline.search.vectors import Vectors

__all__ = ["SearchIndex"]

log = get_logger(__name__)

_FORMAT: Final = "format.json"
_SCRATCH: Final = ".tmp*"
"""What tantivy writes before it renames it; a killed process leaves it behind."""
_READABLE: Final = (KeyError, TypeError, ValueError, AttributeError, orjson.JSONDecodeError)
"""What reading a value raises that is not as its schema says."""


class SearchIndex:
    """An index of one directory; it is the `Effects` of the search service.

    One commit of tantivy replaces the list of its files, so after a crash the index is that of the last commit, with
    the positions of that commit.
    """

    def __init__(
        self,
        directory: Path,
        articles: str,
        clusters: str,
        vectors: Vectors | None,
        forgets_after_secs: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open nothing yet.

        Args:
            directory: Where the index is, made if it is missing.
            articles: Topic of the standing articles, by its name on the cluster.
            clusters: Topic of the clusters, likewise.
            vectors: Gets the vectors of the articles, if queries use them.
            forgets_after_secs: How long the topic keeps the mark of a withdrawn article. An index that was complete
                longer ago may have missed one, so it is built again.
            clock: Returns the time, seconds since the epoch.
        """
        self._directory = directory
        self._articles = articles
        self._clusters = clusters
        self._vectors = vectors
        self._forgets_after_secs = forgets_after_secs
        self._clock = clock
        self._identities: dict[str, str] = {}
        self._complete_at = clock()
        self._index: Any = None
        self._writer: Any = None
        self._searcher: Any = None

    @property
    def searcher(self) -> Any:
        """What queries read: the index as of the last commit; None before `restore`."""
        return self._searcher

    @property
    def vectors(self) -> Vectors | None:
        """The vectors of the articles, if queries use them."""
        return self._vectors

    @property
    def is_waiting(self) -> bool:
        """Whether something waits for a time: nothing does."""
        return False

    def restore(self, identities: Mapping[str, bytes]) -> Mapping[Place, int]:
        """Open the index; return its positions, none if it had to be emptied.

        Raises:
            ConfigError: The directory cannot be written, or another process has the index.
        """
        self._identities = {topic: identity.hex() for topic, identity in identities.items()}
        reason = self._open()
        if reason is None:
            content = self._content(POSITIONS)
            reason = self._why_outdated(content)
            if reason is None and content is not None:
                self._complete_at = float(content["complete_at"])
                self._fill_vectors()
                return {(topic, partition): offset for topic, partition, offset in content["positions"]}
        if reason:
            log.warning("index_discarded", reason=reason)
            self.restart()
        return {}

    def restart(self) -> None:
        """Empty the index.

        Raises:
            FatalError: A new one cannot be made.
        """
        self._release()
        for path in self._directory.glob("*"):
            if path.is_file():
                path.unlink()
        if self._vectors is not None:
            self._vectors.clear()
        self._complete_at = self._clock()
        reason = self._open()
        if reason is not None:
            raise FatalError(f"the index cannot be made: {reason}")

    def apply(self, records: Sequence[Record]) -> int:
        """Take over articles, withdrawals and clusters; return how many records could not be read."""
        return sum(not self._applied(record) for record in records)

    def store(self, positions: Mapping[Place, int], *, caught_up: bool) -> None:
        """Commit what was applied, with the positions.

        Raises:
            FatalError: The files cannot be written.
        """
        if caught_up:
            self._complete_at = self._clock()
        content = {
            "identities": self._identities,
            "positions": [[topic, partition, offset] for (topic, partition), offset in sorted(positions.items())],
            "complete_at": self._complete_at,
        }
        try:
            self._replace(key_of(POSITIONS), positions_document(content))
            self._writer.commit()
            self._index.reload()
        except (ValueError, OSError) as error:
            raise FatalError(f"the index cannot be written: {error}") from error
        self._searcher = self._index.searcher()

    def close(self) -> None:
        """Release the index; what was not committed is lost."""
        self._release()

    def count(self) -> int:
        """Return the number of articles."""
        searcher = self._searcher  # another thread may replace it
        query = tantivy.Query.term_query(SCHEMA, "kind", ARTICLE)
        return 0 if searcher is None else int(searcher.search(query, 1, count=True).count)

    def _applied(self, record: Record) -> bool:
        name = (record.key or b"").decode("utf-8", "replace")
        kind = ARTICLE if record.topic == self._articles else STORY
        key = key_of(kind, name)
        if record.value is None:
            self._writer.delete_documents_by_term("key", key)
            if self._vectors is not None and kind == ARTICLE:
                self._vectors.remove(name)
            return True
        try:
            value = orjson.loads(record.value)
            document = article_document(value) if kind == ARTICLE else story_document(value)
        except _READABLE:
            # What stood before is not true any more, and what is true now cannot be told.
            self._writer.delete_documents_by_term("key", key)
            return False
        self._replace(key, document)
        if self._vectors is not None and kind == ARTICLE:
            self._vectors.put(name, vector_of(value))
        return True

    def _replace(self, key: str, document: Any) -> None:
        self._writer.delete_documents_by_term("key", key)
        self._writer.add_document(document)

    def _open(self) -> str | None:
        """Open or make the index; return why the one that is there cannot be used."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            mark = self._directory / _FORMAT
            found = mark.read_bytes() if mark.exists() else None
            wanted = orjson.dumps({"version": INDEX.version, "tantivy": version("tantivy")})
            if found is None and any(path.is_file() for path in self._directory.iterdir()):
                raise ConfigError(f"{self._directory} has files that are not of an index: choose another index_dir")
            if found not in (None, wanted):
                return "of another version"
            mark.write_bytes(wanted)
            self._index = tantivy.Index(SCHEMA, path=str(self._directory))
            self._writer = self._index.writer(INDEX.writer_bytes, 1)
            # Files of a commit that a killed process did not finish have the names that the next commit would use.
            self._writer.garbage_collect_files()
            for scratch in self._directory.glob(_SCRATCH):
                scratch.unlink()
        except OSError as error:
            raise ConfigError(f"the index cannot be opened: {error}") from error
        except ValueError as error:
            if "LockBusy" in str(error):
                raise ConfigError(f"another process has the index in {self._directory}") from error
            return "damaged"
        self._index.reload()
        self._searcher = self._index.searcher()
        return None

    def _release(self) -> None:
        self._writer = self._index = self._searcher = None  # the lock is released with the last reference

    def _content(self, kind: str) -> dict[str, Any] | None:
        hits = self._searcher.search(tantivy.Query.term_query(SCHEMA, "key", key_of(kind)), 1).hits
        if not hits:
            return None
        content: dict[str, Any] = orjson.loads(self._searcher.doc(hits[0][1])["value"][0])
        return content

    def _why_outdated(self, content: dict[str, Any] | None) -> str | None:
        """Return why the index must be emptied; an empty text for one that is empty."""
        if content is None:
            return "" if self._searcher.num_docs == 0 else "without positions"
        if content["identities"] != self._identities:
            return "of other topics"
        if self._clock() - float(content["complete_at"]) > self._forgets_after_secs:
            return "too old: the topic has forgotten withdrawals since"
        return None

    def _fill_vectors(self) -> None:
        """Read the vectors of the latest articles."""
        if self._vectors is None:
            return
        query = tantivy.Query.term_query(SCHEMA, "kind", ARTICLE)
        most = min(self._vectors.most, self._searcher.num_docs)
        hits = self._searcher.search(query, max(1, most), order_by_field="time", order=tantivy.Order.Desc).hits
        for _, address in reversed(hits):
            for content in self._searcher.doc(address)["vector"]:
                self._vectors.put_stored(content)
