"""`news-pipeline eval facts`."""

from pathlib import Path

from pipeline.cli.arguments import UsageError
from pipeline_research.evaluation.facts import FACTS, measure_facts

__all__ = ["facts"]


def facts(*, data: Path, min_precision: float | None = None) -> int:
    """Measure genre, access, places and keywords on samples with expected values.

    Prints the precision and the coverage of each, and the samples with other answers than expected.

    Parameters
    ----------
    data:
        A directory with genres.jsonl, access.jsonl, places.jsonl and keywords.jsonl, or some of them; those of the
        project are in tests/quality/facts.
    min_precision:
        Exit 1 when the precision of any fact is lower.
    """
    scores = list(measure_facts(data))
    if not scores:
        raise UsageError(f"{data} has none of {', '.join(f'{name}.jsonl' for name in FACTS)}")
    print("| fact | samples | languages | precision | coverage |\n|---|---|---|---|---|")
    for score in scores:
        print(f"| {score.fact} | {score.samples} | {score.languages} | {score.precision:.3f} | {score.coverage:.3f} |")
    for score in scores:
        for miss in score.misses:
            print(f"{score.fact} {miss.language}: wrong {list(miss.wrong)}, missing {list(miss.missing)}")
    return int(min_precision is not None and any(score.precision < min_precision for score in scores))
