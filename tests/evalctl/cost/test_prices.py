"""The table of prices."""

from pathlib import Path

import pytest

from evalctl.cost import prices
from evalctl.cost.prices import PriceTableError

TABLE = """
[sources.list]
name = "a list"
date = 2026-01-01
[regions.us-east-1]
"{name}" = {entry}
"""


def read(tmp_path: Path, entry: str) -> prices.PriceTable:
    file = tmp_path / "prices.toml"
    file.write_text(TABLE.format(name="KMS key", entry=entry))
    return prices.read(file)


def test_every_price_has_a_source_with_a_date() -> None:
    found = [price for region in prices.read().values() for price in region.values()]
    assert len(found) > 30
    assert all(price.usd > 0 and price.source.name and price.source.date for price in found)


def test_a_derived_price_has_its_explanation(tmp_path: Path) -> None:
    found = read(
        tmp_path, '{ usd = 1, per = "month", source = "list", estimate = "half of another" }'
    )
    assert found["us-east-1"]["KMS key"].estimate == "half of another"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('{ usd = 1, per = "month" }', "write { usd"),
        ("1.0", "write { usd"),
        ('{ usd = 0, per = "month", source = "list" }', "a number above 0"),
        ('{ usd = "1", per = "month", source = "list" }', "a number above 0"),
        ('{ usd = 1, per = "month", source = "lost" }', r"no \[sources.lost\]; add it"),
        ("{", "prices.toml"),
    ],
)
def test_a_broken_entry_is_named_with_what_to_write(
    entry: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(PriceTableError, match=problem):
        read(tmp_path, entry)
