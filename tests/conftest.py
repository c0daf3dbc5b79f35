"""What all tests share: property tests judge results, never the machine's speed."""

from hypothesis import settings

settings.register_profile("pipeline", deadline=None)
settings.load_profile("pipeline")
