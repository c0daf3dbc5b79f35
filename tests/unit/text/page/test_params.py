"""The thresholds that were tuned: a changed value must be a decision, with the figures of docs/extraction.md again."""

from pipeline.text.page.params import ContainerParams, ContentParams, FallbackParams, LeadParams, PageParams


def test_tuned_values() -> None:
    container, content, fallback, lead = ContainerParams(), ContentParams(), FallbackParams(), LeadParams()
    assert (container.min_paragraph_chars, container.min_loose_chars) == (25, 60)
    assert (container.container_share, container.named_share, container.named_part_share) == (0.6, 0.25, 0.1)
    assert (container.complete_share, container.same_text_share) == (0.75, 0.9)
    assert (container.min_remaining_share, container.max_link_share, container.hidden_share) == (0.3, 0.5, 0.2)
    assert (container.wrapper_share, container.separate_wrapper_share) == (0.5, 0.85)
    assert (content.block_link_share, content.link_line_share, content.link_line_chars) == (0.5, 0.8, 200)
    assert (fallback.min_page_share, fallback.min_chars, fallback.min_gain) == (0.5, 400, 1.5)
    assert (fallback.sure_page_share, fallback.sure_chars) == (0.7, 150)
    assert (lead.min_chars, lead.max_chars, lead.max_link_share) == (30, 700, 0.3)
    assert (lead.description_chars, lead.max_parents) == (40, 2)
    assert PageParams().teaser_chars == 1200
