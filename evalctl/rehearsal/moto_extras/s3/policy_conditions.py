"""Evaluates the conditions of a policy statement for a request."""

import re
from collections.abc import Callable, Mapping, Sequence

Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]


def _like(actual: str, expected: str) -> bool:
    pattern = re.escape(expected).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(pattern, actual) is not None


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda actual, expected: actual == expected,
    "StringEqualsIgnoreCase": lambda actual, expected: actual.lower() == expected.lower(),
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda actual, expected: actual.lower() == expected.lower(),
    "NumericEquals": lambda actual, expected: float(actual) == float(expected),
    "NumericLessThan": lambda actual, expected: float(actual) < float(expected),
    "NumericLessThanEquals": lambda actual, expected: float(actual) <= float(expected),
    "NumericGreaterThan": lambda actual, expected: float(actual) > float(expected),
    "NumericGreaterThanEquals": lambda actual, expected: float(actual) >= float(expected),
}


def hold(conditions: Conditions, context: Mapping[str, str]) -> bool:
    """Whether all conditions hold. The keys of `context` are in lower case.

    A condition with an unsupported operator does not hold: its statement has no effect.
    """
    return all(
        _holds(operator, key.lower(), [values] if isinstance(values, str) else values, context)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _holds(operator: str, key: str, expected: Sequence[str], context: Mapping[str, str]) -> bool:
    if operator == "Null":
        return (key not in context) is (expected[0].lower() == "true")
    test_name = operator.removesuffix("IfExists")
    negated = "Not" in test_name
    test = _TESTS.get(test_name.replace("Not", "", 1))
    if test is None:
        return False
    if key not in context:
        return negated or operator.endswith("IfExists")
    return any(test(context[key], value) for value in expected) is not negated
