"""Whether a policy statement's conditions hold for a request."""

import re
from collections.abc import Callable, Mapping, Sequence

Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]


def _like(actual: str, wanted: str) -> bool:
    pattern = re.escape(wanted).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(pattern, actual) is not None


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda actual, wanted: actual == wanted,
    "StringEqualsIgnoreCase": lambda actual, wanted: actual.lower() == wanted.lower(),
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda actual, wanted: actual.lower() == wanted.lower(),
    "NumericEquals": lambda actual, wanted: float(actual) == float(wanted),
    "NumericLessThan": lambda actual, wanted: float(actual) < float(wanted),
    "NumericLessThanEquals": lambda actual, wanted: float(actual) <= float(wanted),
    "NumericGreaterThan": lambda actual, wanted: float(actual) > float(wanted),
    "NumericGreaterThanEquals": lambda actual, wanted: float(actual) >= float(wanted),
}


def hold(conditions: Conditions, context: Mapping[str, str]) -> bool:
    """All conditions hold. `context` has lower-case keys; what it does not say is absent.

    A condition that is not understood does not hold, so that its statement decides nothing.
    """
    return all(
        _holds(operator, key.lower(), [values] if isinstance(values, str) else values, context)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _holds(operator: str, key: str, wanted: Sequence[str], context: Mapping[str, str]) -> bool:
    if operator == "Null":
        return (key not in context) is (wanted[0].lower() == "true")
    test_name = operator.removesuffix("IfExists")
    negated = "Not" in test_name
    test = _TESTS.get(test_name.replace("Not", "", 1))
    if test is None:
        return False
    if key not in context:
        return negated or operator.endswith("IfExists")
    return any(test(context[key], value) for value in wanted) is not negated
