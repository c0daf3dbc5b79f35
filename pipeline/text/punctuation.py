"""The punctuation that ends sentences, lines and quotations in the scripts of news. Every module takes it from here."""

__all__ = ["CLOSING_QUOTES", "ELLIPSIS", "FULL_STOPS", "SENTENCE_ENDS", "SPACES", "UNSPACED_ENDS"]

FULL_STOPS = (".", "。", "।", "॥", "۔", "።", "။", "។", "៕", "։")
"""Full stops: Latin and most others, Chinese and Japanese, Indic danda and double danda, Urdu, Ethiopic, Burmese, Khmer
(end of a sentence and of a text), Armenian."""

SENTENCE_ENDS = (*FULL_STOPS, "!", "?", "！", "？", "؟")
"""Full stops, exclamation and question marks: of ASCII, full-width, and the Arabic question mark."""

UNSPACED_ENDS = ("。", "！", "？")
"""Those of `SENTENCE_ENDS` after which Chinese and Japanese write no space."""

ELLIPSIS = "…"
"""It ends a sentence that trails off, but a teaser that was cut, too: each use decides whether it counts."""

CLOSING_QUOTES = ("”", '"', "»", "」")
"""What stands after the last mark of a sentence that is a quotation."""

SPACES = r"(?:(?<!\s)\s++)?+"
"""Pattern for white space that may stand before something; a run of it is tried once, not from each of its places."""
