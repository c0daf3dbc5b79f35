"""The articles of the window and their stories: entering, leaving, expiry. Nothing here decides."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from hashlib import blake2b

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.store.interner import Interner
from pipeline.domain.ids import ArticleId, StoryId, story_id
from pipeline.domain.sketch import Sketch
from pipeline.stories.candidates import Candidates, Coded
from pipeline.stories.features import Features
from pipeline.stories.frequencies import Frequencies
from pipeline.stories.open_story import OpenStory
from pipeline.stories.params import StoryParams
from pipeline.stories.rows import Row, Rows

__all__ = ["INTERNED", "Note", "StoryTable", "digest_of"]

INTERNED = ("publisher", "country", "language", "subject", "model")
"""Columns whose texts are numbered."""


class Note(Struct, frozen=True, array_like=True):
    """What a row keeps for publication: article, revision, headline, and when it was ingested."""

    article_id: ArticleId
    revision: int
    headline: str
    ingested_at_ms: int


_NOTE = msgspec.msgpack.Decoder(Note)


def digest_of(article: ArticleId) -> int:
    """Return a hash of an article's id, 63 bits."""
    return int.from_bytes(blake2b(article.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") >> 1


class StoryTable:
    """The rows of the window, the stories that have several of them, and where articles are found."""

    def __init__(self, params: StoryParams, lane: str) -> None:
        """Start empty.

        Args:
            params: Bounds.
            lane: The lane, which ids of stories depend on.
        """
        self.params = params
        self.lane = lane
        self.rows = Rows(params.kept_terms)
        self.candidates = Candidates(self.rows, params)
        self.frequencies = Frequencies(params.frequency_bits, params.prior_articles)
        self.interners = {name: Interner() for name in INTERNED}
        self.open: dict[int, OpenStory] = {}
        self.numbers: dict[int, int] = {}

    def note(self, number: int) -> Note:
        """Return the note of a row."""
        return _NOTE.decode(self.rows.note(number))

    def number_of(self, article: ArticleId) -> int | None:
        """Return the row of an article that stands, if it is in the window."""
        return self.numbers.get(digest_of(article))

    def story(self, key: int) -> OpenStory:
        """Return a story by its key; one of a single article is made when it is asked for."""
        found = self.open.get(key)
        if found is None:
            found = self.open[key] = self._founded(key)
        return found

    def id_of(self, key: int) -> StoryId:
        """Return the id of a story."""
        found = self.open.get(key)
        if found is not None:
            return found.id
        return story_id(self.lane, self.note(key).article_id, int(self.rows.column("position", key)))

    def free_key(self, numbers: Sequence[int]) -> int | None:
        """Return the first of these rows that is not the key of a story, if there is one."""
        return next((number for number in numbers if number not in self.open), None)

    def has(self, key: int) -> bool:
        """Return whether there is a story of this key with an article in the window."""
        if key in self.open:
            return True
        return self.rows.first <= key < self.rows.end and int(self.rows.column("story", key)) == key

    def members(self, key: int, most: int) -> NDArray[np.int64]:
        """Return the latest rows of a story, at most `most`, rising."""
        found = self.open.get(key)
        if found is None:
            return np.array([key], dtype=np.int64)
        self.trim(found)
        return np.array(found.members[-most:], dtype=np.int64)

    def first_ms(self, key: int) -> int:
        """Return when the first article of a story was ingested."""
        found = self.open.get(key)
        return found.first_ms if found is not None else self.note(key).ingested_at_ms

    def enter(
        self, sketch: Sketch, position: int, features: Features, coded: Coded | None, *, time_ms: int, key: int | None
    ) -> int:
        """Add an article version to a story, or found one with it.

        Args:
            sketch: The version.
            position: Its offset in the log.
            features: Its features.
            coded: Where its vector is entered.
            time_ms: The time of the fold.
            key: The story; None for a new one.

        Returns:
            The key of its story.
        """
        note = Note(sketch.article_id, sketch.revision, sketch.headline, sketch.ingested_at_ms)
        subject = sketch.subjects[0] if sketch.subjects else ""
        texts = (sketch.publisher, sketch.country, sketch.language, subject, features.model)
        interned = {name: self.interners[name].intern(text) for name, text in zip(INTERNED, texts, strict=True)}
        digest = digest_of(sketch.article_id)
        row = Row(
            hashes=features.hashes,
            weights=features.weights,
            vector=None if features.vector is None else features.vector.astype(np.int8),
            length=features.length,
            code=None if coded is None else coded[0],
            time_ms=time_ms,
            position=position,
            digest=digest,
            note=msgspec.msgpack.encode(note),
            **interned,
        )
        number = self.rows.append(row)
        self.candidates.enter(number, features, coded)
        self.numbers[digest] = number
        if key is None:
            return number
        story = self.story(key)
        self.rows.set("story", number, key)
        story.members.append(number)
        story.articles += 1
        return key

    def leave(self, number: int, *, forget: bool) -> OpenStory:
        """Take a row out of its story; return the story, which may be left without articles.

        Args:
            number: The row.
            forget: Whether the article is no longer known; not if a new version takes its place.
        """
        story = self.story(int(self.rows.column("story", number)))
        story.members.remove(number)
        self.trim(story)
        story.articles -= 1
        self.rows.set("story", number, -1)
        if forget:
            self.numbers.pop(int(self.rows.column("digest", number)), None)
        return story

    def trim(self, story: OpenStory) -> None:
        """Leave out the members that have expired."""
        del story.members[: bisect_left(story.members, self.rows.first)]

    def close(self, story: OpenStory) -> None:
        """Forget a story."""
        self.open.pop(story.key, None)

    def expire(self, oldest_ms: int) -> None:
        """Drop the rows from before a time of the fold, and the stories that are left without any."""
        rows = self.rows
        while len(rows) and rows.column("time_ms", rows.first) < oldest_ms:
            number = rows.first
            story = self.open.get(int(rows.column("story", number)))
            if story is not None and story.members[-1] <= number:
                self.close(story)
            digest = int(rows.column("digest", number))
            if self.numbers.get(digest) == number:
                del self.numbers[digest]
            for name in INTERNED:
                self.interners[name].release(int(rows.column(name, number)))
            rows.drop_first()

    def _founded(self, key: int) -> OpenStory:
        note, position = self.note(key), int(self.rows.column("position", key))
        return OpenStory(
            id=story_id(self.lane, note.article_id, position),
            key=key,
            founder=note.article_id,
            members=array("q", [key]),
            first_ms=note.ingested_at_ms,
            articles=1,
            version=position,
        )
