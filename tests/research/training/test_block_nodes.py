"""The nodes of block elements are those that a page is cut at, in the same order."""

from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.segments import cut_segments
from pipeline_research.training.block_nodes import block_nodes

PAGE = (
    "<body class='page'><nav><p>menu</p></nav><div id=a><p>one <b>two</b><br>three</p><!-- c --><hr><keygen>"
    "<x-card><span>in<div>block</div></span></x-card></div><svg><g></g></svg><template><p>later</p></template>"
    "<script>if (a < b) {}</script><ul><li>first<li>second</ul><picture><img></picture></body>"
)


def test_nodes_are_the_elements_of_the_cut() -> None:
    nodes = block_nodes(LexborHTMLParser(PAGE))
    elements = cut_segments(LexborHTMLParser(PAGE)).elements
    assert [node.tag for node in nodes] == [element.partition(" ")[0] for element in elements]
    assert [node.tag for node in nodes][:4] == ["body", "div", "p", "keygen"]
