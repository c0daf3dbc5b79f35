"""Bounds and thresholds of stories, each with its unit and the origin of its value."""

from typing import Final

from msgspec import Struct

__all__ = ["UNIT", "SketchParams", "StoryParams"]

UNIT: Final = 1024
"""One, as similarities are written: they are whole numbers, because floats are not the same on all processors."""


class SketchParams(Struct, frozen=True, kw_only=True):
    """What is kept of an article. Other values make other sketches, so they belong to the log."""

    body_chars: int = 1200
    """Characters of a body that are read: what an event is about stands first. Chosen: 1,200 are about 200 words."""
    word_chars: int = 6
    """Letters of a word that count, so that its forms are alike in languages that inflect. Best of 5, 6, 7 and all on
    tgcontest."""
    max_terms: int = 64
    """Terms that are kept, those with most weight first. More gained nothing on tgcontest."""
    headline_weight: int = 3
    """What a word of the headline counts; a word of the body counts 1 each time. Best of 1 to 4 on tgcontest."""
    name_factor: int = 2
    """How much more names and numbers count than other words. Best of 1 to 3 on tgcontest."""
    max_count: int = 4
    """How often a word of the body counts at most: repetition shows the form of a text, not its event. Chosen."""
    headline_chars: int = 160
    """Characters of a headline that are kept. Chosen: hardly any is longer."""
    shown_chars: int = 24
    """Longest term that is kept, in characters. Chosen."""


class StoryParams(Struct, frozen=True, kw_only=True):
    """How stories are folded. All workers that fold the same log must have the same values.

    Thresholds and similarities are in units of 1/1024.
    """

    window_secs: int = 72 * 3600
    """How long an article is compared with later ones: as `FoldParams.near_window_secs`, after which an event of which
    nothing is reported has ended."""
    kept_terms: int = 24
    """Terms that are compared, the most telling ones by their frequency in the window. 16 are worse and 32 no better on
    tgcontest."""
    indexed_terms: int = 12
    """Terms by which an article is found, the most telling ones. Chosen."""
    posting_rows: int = 16
    """Latest articles that are found by one term. Chosen: a term with more tells little."""
    posting_bits: int = 20
    """Two to this many lists of articles, which terms share by their hash."""
    frequency_bits: int = 22
    """Two to this many counters of terms: some million different words occur in the window."""
    prior_articles: int = 2000
    """How many articles the frequencies that ship count for, so that a young fold knows common words."""
    vector_tables: int = 12
    """Tables in which articles are found by their vector. Chosen, as are the next four."""
    vector_bits: int = 16
    """Bits of a vector by which a table finds it. 12 find 1 in 100 more on NTREX, among a sixteenth of the articles."""
    vector_rows: int = 16
    """Latest articles of an entry of a table. With two to `vector_bits` lists, a
    million articles can be found by vector."""
    vector_probes: int = 3
    """Uncertain bits of a vector that are tried both ways in each table, one at a time."""
    near_codes: int = 24
    """Articles found by vector that are compared, those with most bits in common."""
    candidate_rows: int = 24
    """Articles found by terms that are compared, those with the most telling terms in common. Chosen."""
    candidate_stories: int = 6
    """Stories that are compared. Chosen."""
    compared_members: int = 6
    """Latest articles of a story that are compared with a new one. Chosen; 12 are no better on NTREX."""
    linked_members: int = 3
    """The most similar of these whose mean decides: a story has several aspects, an article one of
    them. Best of 1, 2, 3 and 6 on tgcontest and half of NTREX together."""
    max_counted: int = 2000
    """Latest articles of a story that are counted in an event, which takes about a millisecond."""
    max_members: int = 20
    """Latest articles that an event lists. Chosen."""
    max_listed: int = 20
    """Publishers, languages, countries and subjects that an event lists. Chosen."""
    max_absorbed: int = 100
    """Merged stories whose records are kept pointing straight at the story that they were merged into. Chosen."""
    shared_terms: int = 8
    """Shared terms that a membership lists. Chosen."""
    breaking_publishers: int = 3
    """Least publishers of the last hour of a story that is breaking. Chosen."""
    breaking_new_hours: int = 3
    """Age of a story, in hours, that is breaking by its publishers alone. Chosen."""
    breaking_factor: int = 4
    """How many times as many articles as usual the last hour of an older story has. Chosen."""
    vector_base: int = 580
    """The cosine of vectors that tells nothing: articles about one event have more, others less. Between the means of
    both on tgcontest (.70 and .44), where 520 to 620 are as good."""
    vector_factor: int = 1200
    """What a vector counts beside words, in 1/1024. Best of 400 to 2,048 on tgcontest, where 1,000 to 1,400 are as
    good."""
    across_base: int = 420
    """As `vector_base`, of articles in different languages, which share hardly any words. Of 280 to 500 on half of the
    documents of NTREX in four orders: 440 joins 2 in 100 fewer and makes as few foreign stories."""
    across_factor: int = 4096
    """As `vector_factor`, of articles in different languages: 80 above the base are enough to join. Chosen with
    `across_base`."""
    across_most: int = 700
    """What vectors of articles in different languages count at most, so that one very similar translation does not
    decide the mean of three. Of 380, 420, 500 and 700 on half of NTREX, where 420 joins 13 in 100 fewer."""
    words_alone: int = 1260
    """What words count where one of two articles has no vector, in 1/1024: `join` by the best threshold of words alone
    on tgcontest, 260."""
    join: int = 320
    """Least score of an article that joins a story. Best of 300, 320, 400 and 500 on tgcontest."""
    merge: int = 500
    """Least score of an article with two stories, and of these with each other, for them to be merged. Well above
    `join`, because a merge is not undone. Of 360, 430, 470, 480 and 500 on half of NTREX: 430 puts .043 of the articles
    into a story of another event, 500 .030, and 1 in 100 fewer join."""
    stay: int = 225
    """Least score of a new version of an article that stays in its story. Chosen below `join`, so that none moves to
    and fro."""
    split_from: int = 8
    """Least articles of a story that is looked at for a split, again each time that it has twice as many. Chosen."""
    split_compared: int = 32
    """Its latest articles that are compared with each other."""
    split_least: int = 3
    """Least articles of each part."""
    split_below: int = 160
    """Highest mean score between the articles of the parts: half of `join`. Chosen."""
    max_age_secs: int = 7 * 24 * 3600
    """Age after which no article joins a story any more, so that a lasting topic does not become one story."""
