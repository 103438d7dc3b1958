"""Which variables hold times and rates, and how one factor makes a run of minutes from one of hours."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

FAST = 30  # a minute takes two seconds
_TIME = "_SECONDS"
_RATES = ("LLM_REQUESTS_PER_MINUTE", "LLM_TOKENS_PER_MINUTE")


@dataclass(frozen=True)
class Scale:
    """Times are divided by the factor, and rates multiplied."""

    factor: int

    def seconds(self, rendered: float) -> float:
        """Whole seconds from one second on, because programs may read whole numbers only."""
        scaled = rendered / self.factor
        return math.ceil(scaled) if scaled > 1 else scaled

    def variables(self, rendered: Mapping[str, str]) -> dict[str, str]:
        return {name: self._value(name, value) for name, value in rendered.items()}

    def _value(self, name: str, value: str) -> str:
        if self.factor == 1:
            return value
        if name in _RATES:
            return str(int(value) * self.factor)
        if name.endswith(_TIME):
            return f"{self.seconds(float(value)):.3g}"
        return value


def is_scaled(name: str) -> bool:
    """Whether a variable is a time or a rate."""
    return name in _RATES or name.endswith(_TIME)
