"""Elements that the HTML standard treats alike when it builds a page."""

from typing import Final

__all__ = [
    "BUTTON_SCOPE",
    "CELLS",
    "CLOSE_P",
    "END_IMPLIED",
    "FORMATTING",
    "HEADINGS",
    "IMPLIED_PARTS",
    "ISLANDS",
    "ITEMS",
    "JOINED",
    "LEAVE_DRAWING",
    "LIST_SCOPE",
    "MARKERS",
    "NEVER_OPEN",
    "RAW_TEXT",
    "RUBY",
    "SCOPE",
    "SPECIAL",
    "TABLE_PARTS",
    "TABLE_SCOPE",
    "UNFORMATTED",
    "VOID",
]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FORMATTING: Final = _names("a b big code em font i nobr s small strike strong tt u")
"""Elements that the parser opens again in the next block when one that holds them is closed before them."""
MARKERS: Final = _names("applet marquee object")
"""Formatting around these is not opened again within them; the same holds for cells of tables and templates."""
JOINED: Final = _names("html body")
"""Elements that are there already; attributes of further tags are added to theirs."""
RAW_TEXT: Final = _names("script style title textarea xmp iframe noembed noframes")
"""What these hold is text up to their end tag, whatever it looks like."""

CLOSE_P: Final = _names(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form header "
    "hgroup hr listing main menu nav ol p plaintext pre search section summary ul xmp"
)
"""Blocks, which end an open paragraph."""
HEADINGS: Final = _names("h1 h2 h3 h4 h5 h6")
ITEMS: Final = {"li": _names("li"), "dd": _names("dd dt"), "dt": _names("dd dt")}
"""Items of lists, each with those that it ends."""
VOID: Final = _names("area br embed hr img input keygen wbr")
"""Elements that hold nothing."""
NEVER_OPEN: Final = _names("base basefont bgsound col frame head link meta param source track")
"""Tags that open nothing and stand outside of formatting."""
RUBY: Final = _names("rb rp rt rtc")
UNFORMATTED: Final = RUBY | _names("script style title noframes template textarea iframe noembed frameset")
"""Elements before which no formatting is opened again."""
END_IMPLIED: Final = RUBY | _names("dd dt li optgroup option p")
"""Elements that end with the one that holds them."""

CELLS: Final = _names("td th caption")
TABLE_PARTS: Final = {
    **dict.fromkeys(_names("caption colgroup tbody thead tfoot"), _names("table template")),
    "tr": _names("tbody thead tfoot template table"),
    **dict.fromkeys(_names("td th"), _names("tr template tbody thead tfoot table")),
}
"""Parts of tables, each with the elements in one of which it is put."""
IMPLIED_PARTS: Final = {"td": ("tbody", "tr"), "th": ("tbody", "tr"), "tr": ("tbody",)}
"""Elements that the parser adds between a table and one of its parts."""

ISLANDS: Final = frozenset(
    {"svg foreignobject", "svg desc", "svg title", "math mi", "math mo", "math mn", "math ms", "math mtext"}
)
"""Elements of drawings and formulas that hold ordinary markup."""
LEAVE_DRAWING: Final = (FORMATTING - {"a", "font"}) | _names(
    "blockquote body br center dd div dl dt embed h1 h2 h3 h4 h5 h6 head hr img li listing menu meta ol p pre ruby "
    "span sub sup table ul var"
)
"""Tags that end a drawing or formula."""

SCOPE: Final = (
    _names("html table td th caption template applet marquee object select") | ISLANDS | {"math annotation-xml"}
)
"""An end tag does not reach through these elements."""
LIST_SCOPE: Final = SCOPE | {"ol", "ul"}
BUTTON_SCOPE: Final = SCOPE | {"button"}
TABLE_SCOPE: Final = frozenset({"html", "table", "template"})
SPECIAL: Final = (
    _names(
        "address applet area article aside base basefont bgsound blockquote body br button caption center col colgroup "
        "dd details dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head "
        "header hgroup hr html iframe img input keygen li link listing main marquee menu meta nav noembed noframes "
        "noscript object ol p param plaintext pre script search section select source style summary table tbody td "
        "template textarea tfoot th thead title tr track ul wbr xmp"
    )
    | ISLANDS
    | {"math annotation-xml"}
)
"""Elements at which the search for the start of any other element ends."""
