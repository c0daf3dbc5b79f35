"""The parts of `benchmarks.fuzz`: grammars that make hostile input, a process that is given it, and minimisation."""
