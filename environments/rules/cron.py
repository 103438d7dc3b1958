"""The schedules that Argo CD's parser reads (github.com/robfig/cron, v3, parser.go, five fields)."""

import re
from dataclasses import dataclass

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}  # days of a month, where not 31

_RANGE = re.compile(r"(?:[*?]|([0-9]+|[a-z]{3})(?:-([0-9]+|[a-z]{3}))?)(?:/([0-9]+))?")


@dataclass(frozen=True)
class _Field:
    name: str
    least: int
    most: int
    names: dict[str, int]


_FIELDS = (
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day of the month", 1, 31, {}),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    _Field("day of the week", 0, 6, {name: number for number, name in enumerate(_DAYS)}),
)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When a schedule starts: its minutes, hours, and days, as numbers."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]  # of the month
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    either_day: bool  # both kinds of days are restricted, and one of them is enough


def parsed(schedule: str) -> Schedule:
    """The schedule as Argo CD reads it.

    Raises:
        ValueError: Argo CD refuses it.
    """
    texts = schedule.lower().split()
    if len(texts) != len(_FIELDS):
        raise ValueError(f"it has {len(texts)} fields, not five")
    matched = []
    for field, text in zip(_FIELDS, texts, strict=True):
        values: set[int] = set()
        for part in text.split(","):
            found = _values(part, field)
            if found is None:
                raise ValueError(f"{text!r} is not a {field.name}, {field.least} to {field.most}")
            values |= found
        matched.append(frozenset(values))
    minutes, hours, days, months, weekdays = matched
    return Schedule(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=weekdays,
        either_day=not (_is_any(texts[2]) or _is_any(texts[4])),
    )


def problem(schedule: str) -> str | None:
    """What is wrong with the schedule, or None."""
    try:
        found = parsed(schedule)
    except ValueError as error:
        return str(error)
    first = min(found.days)
    if found.either_day or any(first <= _LONGEST.get(month, 31) for month in found.months):
        return None
    return f"no such month has a day {first}, so it never starts, and Argo CD would count it as started"


def _is_any(text: str) -> bool:
    """Whether a field of days restricts nothing. `*/2` restricts it, and `5,*` does not."""
    return any(re.fullmatch(r"[*?](?:/0*1)?", part) for part in text.split(","))


def _values(text: str, field: _Field) -> set[int] | None:
    """The numbers of `*`, `7`, `1-5`, `*/10` or `3/10`, or None if Argo CD refuses the text."""
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    first, last, step = match.groups()
    start = field.least if first is None else _number(first, field)
    if last is not None:
        end = _number(last, field)
    else:
        end = field.most if first is None or step is not None else start
    if start is None or end is None or not field.least <= start <= end <= field.most:
        return None
    every = 1 if step is None else int(step)
    return set(range(start, end + 1, every)) if every > 0 else None


def _number(text: str, field: _Field) -> int | None:
    return int(text) if text.isdecimal() else field.names.get(text)
