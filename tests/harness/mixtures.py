"""Pages made of repeated sequences of tags of all kinds, chosen by chance, for comparing sizes."""

import random

__all__ = ["mixture"]

_KINDS = (
    "a b big code em font i nobr s small strike strong tt u",
    "p div ul li ol dl dd dt h1 h2 pre blockquote address center section article details summary fieldset menu form",
    "table tr td th tbody thead caption colgroup col",
    "select option optgroup button label input textarea",
    "applet object marquee template noscript iframe",
    "svg g path foreignObject desc title math mi mtext annotation-xml",
    "ruby rt rp rb rtc span br img hr embed area x-y nav body html head link meta style script frameset",
)
_NAMES = [kind.split() for kind in _KINDS]


def mixture(seed: int, repetitions: int) -> str:
    """Return a page of one to three sequences, each repeated.

    Attributes are numbered where a sequence has any, so that repeated elements differ from each other.

    Args:
        seed: Chooses the sequences.
        repetitions: Of each sequence, except those that are there once.
    """
    choice = random.Random(seed)
    page = []
    for _ in range(choice.randint(1, 3)):
        sequence = _sequence(choice, choice.randint(1, 9))
        page += [sequence.replace("#", str(place)) for place in range(choice.choice([1, repetitions]))]
    return "".join(page)


def _sequence(choice: random.Random, length: int) -> str:
    kinds = choice.sample(_NAMES, choice.randint(1, 4))
    tags: list[str] = []
    opened = ["p"]
    for _ in range(length):
        name = choice.choice(choice.choice(kinds))
        what = choice.random()
        if what < 0.35:
            tags.append(f"<{name}>")
            opened.append(name)
        elif what < 0.55:
            tags.append(f"<{name} a=#>")
            opened.append(name)
        elif what < 0.9:
            tags.append(f"</{choice.choice(opened) if choice.random() < 0.5 else name}>")
        else:
            tags.append("x")
    return "".join(tags)
