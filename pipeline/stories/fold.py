"""The fold of news.sketches.v1: the stories of the window, and what each record of the log changes.

Every article is compared with those that share telling terms or resemble it by vector, and joins the best story or
founds one. Only whole numbers are computed with, so that the same log gives the same stories on every machine.
"""

from typing import Final

import numpy as np
from msgspec import Struct

from pipeline.domain.ids import ArticleId, StoryId, founder
from pipeline.domain.sketch import Sketch
from pipeline.domain.story import HowJoined
from pipeline.stories.candidates import Coded
from pipeline.stories.comparison import Comparison
from pipeline.stories.decision import Article, Likeness, Scored
from pipeline.stories.features import Features, features_of
from pipeline.stories.merging import Merging
from pipeline.stories.open_story import OpenStory
from pipeline.stories.params import StoryParams
from pipeline.stories.preparing import Prepared, prepare
from pipeline.stories.splitting import Splitting
from pipeline.stories.state import StoryTable

__all__ = ["Ended", "Folded", "Stories", "StoryChange"]

_LONG_AGO: Final = -(1 << 62)


class StoryChange(Struct, frozen=True, kw_only=True):
    """The membership of an article after a record; `story` is None once it was withdrawn.

    scored: what decided; None for an article that founded its story. shared: terms that it has in common with the
    nearest article. absorbed: stories that were merged into its story until then.
    """

    article_id: ArticleId
    revision: int
    ingested_at_ms: int
    how: HowJoined
    story: StoryId | None
    scored: Scored | None = None
    nearest_id: ArticleId | None = None
    shared: tuple[str, ...] = ()
    absorbed: tuple[StoryId, ...] = ()


class Ended(Struct, frozen=True):
    """A story that has no articles any more, and the one that they went to, if they did."""

    id: StoryId
    into: StoryId | None
    supersedes: int | None


class Folded(Struct, frozen=True, kw_only=True):
    """What a record changed: memberships, stories by their keys, and stories that ended."""

    position: int
    ingested_at_ms: int
    memberships: tuple[StoryChange, ...] = ()
    stories: tuple[int, ...] = ()
    ended: tuple[Ended, ...] = ()


class Stories:
    """The stories with an article in the window."""

    def __init__(self, params: StoryParams | None = None, lane: str = "") -> None:
        """Start without stories.

        Args:
            params: Bounds and thresholds.
            lane: The lane of the log, which ids of stories depend on.
        """
        self.params = StoryParams() if params is None else params
        self.table = StoryTable(self.params, lane)
        self.time_ms = _LONG_AGO
        self._prepare()

    def _prepare(self) -> None:
        table = self.table
        comparison = Comparison(table.rows, self.params)
        self._likeness = Likeness(table.rows, comparison, self.params)
        self._merging = Merging(table, comparison)
        self._splitting = Splitting(table, comparison)

    def __len__(self) -> int:
        """Count the articles in the window."""
        return len(self.table.rows)

    def apply(self, sketch: Sketch | Prepared, position: int, append_time_ms: int) -> Folded:
        """Fold the next record of the log.

        The time of the fold is the running maximum of min(ingested, appended), so that one wrong clock cannot expire
        the window.

        Args:
            sketch: The record; many that were prepared together take less time.
            position: Its offset.
            append_time_ms: Its timestamp, in epoch milliseconds.
        """
        prepared = sketch if isinstance(sketch, Prepared) else prepare([sketch])[0]
        sketch = prepared.sketch
        table, window_ms = self.table, self.params.window_secs * 1000
        self.time_ms = max(self.time_ms, min(sketch.ingested_at_ms, append_time_ms))
        table.frequencies.roll(self.time_ms // max(window_ms // 2, 1))
        table.expire(self.time_ms - window_ms)
        known = table.number_of(sketch.article_id)
        if known is not None and table.note(known).revision >= sketch.revision:
            return Folded(position=position, ingested_at_ms=sketch.ingested_at_ms)
        if sketch.action == "delete":
            return self._withdraw(sketch, position, known)
        features = features_of(prepared, table.frequencies, self.params.kept_terms)
        coded = table.candidates.coded(features)
        if known is None:
            return self._admit(sketch, position, features, coded)
        return self._revise(sketch, position, features, coded, known)

    def _admit(
        self,
        sketch: Sketch,
        position: int,
        features: Features,
        coded: Coded | None,
        left: tuple[int, ...] = (),
    ) -> Folded:
        """Let an article join the best story, or found one; `left` are the keys of stories that it left."""
        ended: tuple[Ended, ...] = ()
        ranked = self._ranked(sketch, features, coded)
        relative = self.table.number_of(founder(sketch.cluster_id))
        how: HowJoined = "founded"
        scored = None
        if relative is not None:
            how, scored = "cluster", self._score_of(sketch, features, int(self.table.rows.column("story", relative)))
        elif ranked and ranked[0].score >= self.params.join:
            how, scored = "similar", ranked[0]
        nearest, shared = self._explained(features, scored)
        key = None if scored is None else scored.key
        key = self.table.enter(sketch, position, features, coded, time_ms=self.time_ms, key=key)
        story = self.table.open.get(key)
        touched = {*left, key}
        if story is None:
            own = self._membership(sketch, how, key, scored, nearest, shared)
            return self._folded(sketch, position, (own,), touched, ended)
        story.changed(position)
        for absorbed in self._merging.after(scored, ranked):
            survivor, merged = self._merging.merge(key, absorbed, position)
            ended += tuple(Ended(name, survivor.id, supersedes) for name, supersedes in merged)
            touched.discard(absorbed if survivor.key == key else key)
            key = survivor.key
            touched.add(key)
        memberships: tuple[StoryChange, ...] = (self._membership(sketch, how, key, scored, nearest, shared),)
        parted = self._splitting.after(self.table.story(key), position)
        if parted is not None:
            new, numbers = parted
            touched.add(new.key)
            moved = tuple(self._moved(number, new) for number in numbers)
            gone = {change.article_id for change in moved}
            memberships = (*(change for change in memberships if change.article_id not in gone), *moved)
        return self._folded(sketch, position, memberships, touched, ended)

    def _ranked(self, sketch: Sketch, features: Features, coded: Coded | None) -> list[Scored]:
        """Return the stories that the article may join, the best first, the oldest of equal ones."""
        table, params = self.table, self.params
        candidates = table.candidates.find(features, coded)
        article = self._article(sketch, features)
        youngest = sketch.ingested_at_ms - params.max_age_secs * 1000
        found = [
            scored
            for scored in self._likeness.promising(article, candidates)
            if scored.score * 2 >= params.join and table.first_ms(scored.key) >= youngest
        ]
        alone = [scored for scored in found if scored.key not in table.open]
        members = {
            scored.key: table.members(scored.key, params.compared_members)
            for scored in found
            if scored.key in table.open
        }
        every = alone + self._likeness.of_members(article, members)
        return sorted(every, key=lambda scored: (-scored.score, scored.key))

    def _score_of(self, sketch: Sketch, features: Features, key: int, without: int = -1) -> Scored:
        """Score one story."""
        members = self.table.members(key, self.params.compared_members + 1)
        members = members[members != without][-self.params.compared_members :]
        return self._likeness.of_members(self._article(sketch, features), {key: members})[0]

    def _article(self, sketch: Sketch, features: Features) -> Article:
        """Return an article as it is scored; a language or model that no row has gets a number that none has."""
        interners = self.table.interners
        language, model = interners["language"].find(sketch.language), interners["model"].find(features.model)
        return Article(features, -1 if language is None else language, -1 if model is None else model)

    def _revise(self, sketch: Sketch, position: int, features: Features, coded: Coded | None, known: int) -> Folded:
        """Put a new version in the place of the former one, or let it move where it fits better."""
        table = self.table
        key = int(table.rows.column("story", known))
        others = table.members(key, 2)
        is_alone = len(others) == 1
        scored = None if is_alone else self._score_of(sketch, features, key, without=known)
        if is_alone or (scored is not None and scored.score >= self.params.stay):
            nearest, shared = self._explained(features, scored)
            table.story(key)  # before the row leaves: it is made from it
            table.enter(sketch, position, features, coded, time_ms=self.time_ms, key=key)
            table.leave(known, forget=False).changed(position)
            own = self._membership(sketch, "stayed", key, scored, nearest, shared)
            return self._folded(sketch, position, (own,), {key}, ())
        table.leave(known, forget=True).changed(position)
        return self._admit(sketch, position, features, coded, left=(key,))

    def _withdraw(self, sketch: Sketch, position: int, known: int | None) -> Folded:
        own = self._membership(sketch, "withdrawn", None, None, None, ())
        if known is None:
            return self._folded(sketch, position, (own,), set(), ())
        story = self.table.leave(known, forget=True)
        supersedes = story.version
        story.changed(position)
        if story.members:
            return self._folded(sketch, position, (own,), {story.key}, ())
        self.table.close(story)
        return self._folded(sketch, position, (own,), set(), (Ended(story.id, None, supersedes),))

    def _explained(self, features: Features, scored: Scored | None) -> tuple[ArticleId | None, tuple[str, ...]]:
        """Return the nearest article, and the terms that it shares, the most telling first."""
        if scored is None:
            return None, ()
        theirs, weights = self.table.rows.terms_of(np.array([scored.nearest]))
        known = set(theirs[0][weights[0] > 0].tolist())
        shared = [term for term, value in zip(features.terms, features.hashes.tolist(), strict=True) if value in known]
        return self.table.note(scored.nearest).article_id, tuple(shared[: self.params.shared_terms])

    def _membership(
        self,
        sketch: Sketch,
        how: HowJoined,
        key: int | None,
        scored: Scored | None,
        nearest: ArticleId | None,
        shared: tuple[str, ...],
    ) -> StoryChange:
        story = None if key is None else self.table.open.get(key)
        return StoryChange(
            article_id=sketch.article_id,
            revision=sketch.revision,
            ingested_at_ms=sketch.ingested_at_ms,
            how=how,
            story=None if key is None else self.table.id_of(key),
            scored=scored,
            nearest_id=nearest,
            shared=shared,
            absorbed=() if story is None else story.absorbed,
        )

    def _moved(self, number: int, story: OpenStory) -> StoryChange:
        """Return the membership of an article that went into a new story with others."""
        note = self.table.note(number)
        return StoryChange(
            article_id=note.article_id,
            revision=note.revision,
            ingested_at_ms=note.ingested_at_ms,
            how="split",
            story=story.id,
        )

    def _folded(
        self,
        sketch: Sketch,
        position: int,
        memberships: tuple[StoryChange, ...],
        touched: set[int],
        ended: tuple[Ended, ...],
    ) -> Folded:
        return Folded(
            position=position,
            ingested_at_ms=sketch.ingested_at_ms,
            memberships=memberships,
            stories=tuple(sorted(touched)),
            ended=ended,
        )
