"""The table of prices: each entry names its source, and whether it is an estimate."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("prices.toml")


class PriceTableError(ValueError):
    """The table of prices cannot be read; the message names the entry."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a price is from, and the day on which it was valid there."""

    name: str
    date: date


@dataclass(frozen=True, kw_only=True)
class Price:
    """USD for one `per`; with `estimate` it follows from other prices, as the text explains."""

    name: str
    usd: float
    per: str
    source: Source
    estimate: str | None


PriceTable = Mapping[str, Mapping[str, Price]]  # region → name → price


def read(file: Path = FILE) -> PriceTable:
    """All prices.

    Raises:
        PriceTableError: an entry is incomplete, has a wrong type, or names an unknown source.
    """
    try:
        document = tomllib.loads(file.read_text())
        sources = {key: Source(**value) for key, value in document["sources"].items()}
        regions = document["regions"]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise PriceTableError(f"{file.name}: {error}") from error
    return {
        region: {name: _price(region, name, entry, sources) for name, entry in entries.items()}
        for region, entries in regions.items()
    }


def _price(region: str, name: str, entry: Any, sources: Mapping[str, Source]) -> Price:
    where = f"{FILE.name}: {region}: {name!r}"
    if not isinstance(entry, dict) or not {"usd", "per", "source"} <= set(entry):
        raise PriceTableError(f"{where}: write {{ usd = …, per = …, source = … }}")
    if not isinstance(entry["usd"], int | float) or entry["usd"] <= 0:
        raise PriceTableError(f"{where}: usd is {entry['usd']!r}; write a number above 0")
    if entry["source"] not in sources:
        raise PriceTableError(f"{where}: there is no [sources.{entry['source']}]; add it")
    return Price(
        name=name,
        usd=float(entry["usd"]),
        per=str(entry["per"]),
        source=sources[entry["source"]],
        estimate=entry.get("estimate"),
    )
