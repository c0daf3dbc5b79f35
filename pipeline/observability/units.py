"""Numbers as people read them."""

__all__ = ["rate_text", "seconds_text"]


def seconds_text(seconds: float) -> str:
    """Return a length of time with two or three digits and its unit."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def rate_text(per_sec: float) -> str:
    """Return a rate with about three digits."""
    if per_sec == 0:
        return "0"
    if per_sec < 0.01:
        return "< 0.01"
    if per_sec < 10:
        return f"{per_sec:.2f}"
    return f"{per_sec:,.1f}" if per_sec < 100 else f"{per_sec:,.0f}"
