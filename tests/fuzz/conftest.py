"""How long a fuzz target runs: as any other test in `make test`, minutes in `make fuzz`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "fuzz", max_examples=3000, deadline=None, suppress_health_check=tuple(HealthCheck), print_blob=True
)
