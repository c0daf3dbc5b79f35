"""A prototype of deduplication on shards: the single fold's verdicts, by folds that each own a share of its state.

It is no part of the product, which has one fold (docs/adr/0027). `python -m benchmarks.sharding` measures it.
"""
