"""Compares signatures with rows of the fold by their facts, in versions of the fold that do so."""

from collections.abc import Sequence
from typing import TypedDict

from pipeline.dedup.article_history import ArticleHistory
from pipeline.dedup.changes import changes_between, labels_of
from pipeline.dedup.copy_evidence import (
    are_other_reports,
    differ_at_one_source,
    differ_by_details,
    has_own_text,
    is_shared_passage,
    is_suspicious,
    is_unsupported,
    number_differs,
    read_facts,
    show_a_notice,
    tell_of_others,
)
from pipeline.dedup.near import Match
from pipeline.dedup.params import FoldParams
from pipeline.dedup.signature.facts import Facts
from pipeline.dedup.store.row_codec import RowCodec
from pipeline.dedup.store.row_layout import Row
from pipeline.dedup.store.verdict_codec import digest8, digest16
from pipeline.dedup.stubs import is_stub_of
from pipeline.domain.changes import Change, ChangeLabel
from pipeline.domain.signature import Signature

__all__ = ["FactComparison"]


class _Changes(TypedDict, total=False):
    """The fields of a verdict that say what a revision changed."""

    changed: tuple[Change, ...]
    change_labels: tuple[ChangeLabel, ...]


class FactComparison:
    """What headlines, names, numbers and notes say beside the similarity of texts.

    Articles of which one has no facts, because an earlier release signed it, are compared by their texts alone.
    """

    def __init__(self, codec: RowCodec, params: FoldParams) -> None:
        """Take the rows of a fold and its thresholds."""
        self._codec = codec
        self._params = params

    def copied(
        self, signature: Signature, canonical: Sequence[Match], matches: Sequence[Match]
    ) -> tuple[Match, float, float] | None:
        """Return the canonical article of which a signature is a copy, with the score and the threshold that decide.

        Args:
            signature: The signature.
            canonical: The canonical articles that resemble it, the most similar first.
            matches: All articles that do.
        """
        refused = 0
        for match in canonical:
            decided = self._is_similar(signature, match)
            if decided is None or is_shared_passage(match, matches, self._params):
                continue
            if not self.differs(signature, match):
                return match, *decided
            refused += 1
            if refused == self._params.most_refused:
                return None
        return None

    def _is_similar(self, signature: Signature, match: Match) -> tuple[float, float] | None:
        """Return the score and the threshold that make the text of a signature a copy of a match, or None."""
        params = self._params
        if self._same_source(signature, match.row):
            # Reports from one template with other numbers, and updates under a new URL, are separate articles.
            same_numbers = match.row.numbers == digest8(signature.numbers_hash)
            common = min(match.covered, match.covers)
            copied = same_numbers and common >= params.same_source_from
            return (common, params.same_source_from) if copied else None
        copied = match.covered >= params.near_from and match.score >= params.near_least
        return (match.covered, params.near_from) if copied else None

    def differs(self, signature: Signature, match: Match) -> bool:
        """Return whether a signature is no copy of a match, although their texts are similar enough."""
        params = self._params
        new, old = self._pair(signature, match.number)
        if new is None or old is None:
            return False
        if self._same_source(signature, match.row) and differ_at_one_source(old, new, params):
            return True
        if show_a_notice(old, new, params) or self._have_other_details(signature, old, new, match):
            return True
        return 1 - match.covered >= params.own_from and has_own_text(old, new, params)

    def of_its_story(self, signature: Signature, matches: list[Match]) -> list[Match]:
        """Return the matches that share more with a signature than a notice or a template.

        Articles from one template are about different events, so they have clusters of their own. After
        `most_refused` of them, the rest counts as such too.
        """
        new = self._facts(signature) if matches else None
        if new is None:
            return matches
        is_notice = is_unsupported(new, self._params)
        kept, refused = [], 0
        for match in matches:
            alike = min(match.covered, match.covers) >= self._params.template_from
            if not alike and not is_notice:
                kept.append(match)
            elif refused < self._params.most_refused:
                old = read_facts(self._codec.facts(match.number))
                if old is None or not (
                    show_a_notice(old, new, self._params)
                    or (alike and self._is_other_report(signature, old, new, match))
                ):
                    kept.append(match)
                else:
                    refused += 1
        return kept

    def _is_other_report(self, signature: Signature, old: Facts, new: Facts, match: Match) -> bool:
        params = self._params
        if self._same_source(signature, match.row) and are_other_reports(old, new, match, params):
            return True
        return self._have_other_details(signature, old, new, match)

    def _have_other_details(self, signature: Signature, old: Facts, new: Facts, match: Match) -> bool:
        numbers_differ = match.row.numbers != digest8(signature.numbers_hash)
        return tell_of_others(old, new, self._params, numbers_differ=numbers_differ) or differ_by_details(
            old, new, match, self._params
        )

    def is_other(self, signature: Signature, number: int, row: Row) -> bool:
        """Return whether an article with the same text is another one, as the headlines tell."""
        new = self._facts(signature)
        if new is None or not is_suspicious(new, self._params):
            return False
        old = read_facts(self._codec.facts(number))
        if old is None:
            return False
        return show_a_notice(old, new, self._params) or (self._same_source(signature, row) and number_differs(old, new))

    def is_stub(self, signature: Signature, history: ArticleHistory) -> bool:
        """Return whether a signature is of a part of an article that is known in full, and states nothing new."""
        new = self._facts(signature)
        whole = history.copy or history.published
        if new is None or not new.is_stub or history.retracted or whole is None:
            return False
        old = read_facts(self._codec.facts(whole[0]))
        return old is not None and is_stub_of(old, new, self._params)

    def own_share(self, match: Match) -> float | None:
        """Return the estimated share of a text that a match lacks."""
        return round(1 - match.covered, 4) if self._params.compares_facts else None

    def changes(self, signature: Signature, history: ArticleHistory) -> _Changes:
        """Return what changed since the version before; without facts of both only whether an earlier one came back."""
        is_reverted = digest16(signature.content_hash) in history.contents
        if history.published is not None:
            number, row = history.published
            new, old = self._pair(signature, number)
            if new is not None and old is not None:
                changed = changes_between(old, new, numbers_differ=row.numbers != digest8(signature.numbers_hash))
                return {"changed": changed, "change_labels": labels_of(old, new, changed, is_reverted=is_reverted)}
        return {"change_labels": ("reverted",)} if is_reverted else {}

    def _same_source(self, signature: Signature, row: Row) -> bool:
        return self._codec.sources.text(row.source) == signature.source

    def _facts(self, signature: Signature) -> Facts | None:
        return read_facts(signature.facts) if self._params.compares_facts else None

    def _pair(self, signature: Signature, number: int) -> tuple[Facts | None, Facts | None]:
        """Return the facts of a signature and of a row."""
        new = self._facts(signature)
        return new, None if new is None else read_facts(self._codec.facts(number))
