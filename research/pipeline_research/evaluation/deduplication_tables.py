"""Markdown tables of an evaluation of deduplication."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline_research.evaluation.copies import Kind
from pipeline_research.evaluation.copy_finders import OURS
from pipeline_research.evaluation.deduplication import Case
from pipeline_research.evaluation.outcomes import OutcomeCounts, summed
from pipeline_research.evaluation.templates import TEMPLATE_KINDS

__all__ = ["Results", "render", "render_templates"]

Results = Mapping[str, Sequence[tuple[Case, OutcomeCounts]]]
"""Cases and counts by method, ours included."""


def render(title: str, results: Results, adjusted_rand: Sequence[float]) -> Iterator[str]:
    """Yield the lines of one data set: copies and other texts by kind, totals, and our method by language."""
    kinds = {case.kind.name: case.kind for case, _ in results[OURS]}
    by_kind = {name: summed([(case.kind.name, row) for case, row in outcomes]) for name, outcomes in results.items()}
    yield f"## {title}"
    yield ""
    yield from _copies([kind for kind in kinds.values() if kind.is_copy], by_kind)
    yield ""
    yield from _others([kind for kind in kinds.values() if not kind.is_copy], by_kind)
    yield ""
    yield from _together(results)
    yield ""
    yield "Adjusted Rand index of our clusters, each half copied: " + ", ".join(f"{v:.4f}" for v in adjusted_rand)
    yield ""
    yield from _languages(results[OURS])
    yield ""


def render_templates(
    results: Mapping[str, Mapping[str, OutcomeCounts]], held_out: Mapping[str, Mapping[str, OutcomeCounts]]
) -> Iterator[str]:
    """Yield the lines of the table of templates: by method, in the languages for choosing and in those kept aside."""
    yield "## Templates and notices of one source"
    yield ""
    yield "Share of right answers: articles let through, copies recognised. In brackets: languages kept aside."
    yield ""
    yield "| pairs | texts | aim | " + " | ".join(results) + " |"
    yield "|---|---:|---:|" + "---:|" * len(results)
    for kind in TEMPLATE_KINDS:
        rows = [(results[name][kind.name], held_out[name][kind.name]) for name in results]
        cells = [f"{row.share_right:.3f} ({aside.share_right:.3f})" for row, aside in rows]
        texts = f"{rows[0][0].cases} ({rows[0][1].cases})"
        aim = f"≥ {kind.aim}" if kind.aim is not None else ""
        yield f"| {kind.name} | {texts} | {aim} | " + " | ".join(cells) + " |"
    yield ""


def _copies(kinds: Sequence[Kind], rows: Mapping[str, Mapping[str, OutcomeCounts]]) -> Iterator[str]:
    yield from _head("copies: recall / precision / F1", rows)
    for kind in kinds:
        found = [by_kind[kind.name] for by_kind in rows.values()]
        cells = [f"{row.share_right:.3f} / {row.precision:.3f} / {row.f1:.3f}" for row in found]
        yield _line(kind, found, cells)


def _others(kinds: Sequence[Kind], rows: Mapping[str, Mapping[str, OutcomeCounts]]) -> Iterator[str]:
    yield from _head("no copies: share let through", rows)
    for kind in kinds:
        found = [by_kind[kind.name] for by_kind in rows.values()]
        yield _line(kind, found, [f"{row.share_right:.4f}" for row in found])


def _head(what: str, methods: Mapping[str, object]) -> Iterator[str]:
    yield f"| {what} | texts | aim | " + " | ".join(methods) + " | |"
    yield "|---|---:|---:|" + "---:|" * len(methods) + "---|"


def _line(kind: Kind, found: Sequence[OutcomeCounts], cells: Sequence[str]) -> str:
    aim = "" if kind.aim is None else f"≥ {kind.aim:g}"
    remarks = [] if kind.aim is None or found[0].share_right >= kind.aim else ["below the aim"]
    if any(row.share_right > found[0].share_right for row in found[1:]):
        remarks.append("not the best")
    return f"| {kind.name} | {found[0].cases} | {aim} | " + " | ".join(cells) + f" | {', '.join(remarks)} |"


def _together(results: Results) -> Iterator[str]:
    yield "| all kinds together | recall | precision | F1 | no copies let through |"
    yield "|---|---:|---:|---:|---:|"
    for name, outcomes in results.items():
        counted = [(case.kind, row) for case, row in outcomes if case.kind.is_copy or case.kind.aim is not None]
        rows = summed([("copies" if kind.is_copy else "others", row) for kind, row in counted])
        copies, others = rows["copies"], rows["others"]
        # Precision includes the wrong answers for the other texts.
        both = OutcomeCounts(copies.cases, copies.right, copies.wrong + others.wrong)
        yield f"| {name} | {both.share_right:.4f} | {both.precision:.4f} | {both.f1:.4f} | {others.share_right:.4f} |"


def _languages(outcomes: Sequence[tuple[Case, OutcomeCounts]]) -> Iterator[str]:
    yield "| language, ours | copies | recall | others | let through |"
    yield "|---|---:|---:|---:|---:|"
    copies = summed([(case.language, row) for case, row in outcomes if case.kind.is_copy])
    others = summed([(case.language, row) for case, row in outcomes if not case.kind.is_copy])
    for language, row in sorted(copies.items()):
        other = others[language]
        yield f"| {language} | {row.cases} | {row.share_right:.4f} | {other.cases} | {other.share_right:.4f} |"
