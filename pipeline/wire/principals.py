"""Who brought a raw record: the header that sources set, and what withdrawals are bound to."""

from typing import Final

from pipeline.domain.ids import digest_hex
from pipeline.domain.record import Headers

__all__ = ["PRINCIPAL", "bound_to"]

PRINCIPAL: Final = "principal"
"""Header that names who brought an article, as the source has proven it or its operator says; never the article."""
_PROVEN: Final = " "
"""Begins what a principal binds; no `source` begins with it, because those are stripped. So none can look like one."""


def bound_to(headers: Headers, source: str | None, max_chars: int) -> str:
    """Return what the withdrawals of an article are bound to where principals count.

    Args:
        headers: Of its raw record. Of several principals the last one counts, which is the one that a source adds.
        source: What the record calls its source: it counts where no principal is named.
        max_chars: Longest name that is kept as it is; of a longer one, or one that is no text, a hash counts.
    """
    named = [value or b"" for name, value in headers if name.lower() == PRINCIPAL]
    if not named:
        return source or ""
    try:
        principal = named[-1].decode()
    except UnicodeDecodeError:
        principal = ""
    if not principal.isprintable() or not 0 < len(principal) <= max_chars:
        return _PROVEN + digest_hex(PRINCIPAL, named[-1].hex())
    return _PROVEN + principal
