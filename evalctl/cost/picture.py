"""The month of each environment as stacked bars by service, an SVG without a library or a script."""

from collections.abc import Mapping, Sequence
from html import escape

from evalctl.cost.assumptions import Amounts, Load
from evalctl.cost.estimate import Estimate, Totals
from evalctl.cost.items import Service

# Readable on GitHub's light and dark pages: the picture has its own background.
_COLOURS = [
    "#4269d0",
    "#efb118",
    "#ff725c",
    "#6cc5b0",
    "#3ca951",
    "#ff8ab7",
    "#a463f2",
    "#97bbf5",
    "#9c6b4e",
    "#9498a0",
    "#d6d6b1",
    "#7a4419",
]
_BAR, _GAP, _LEFT, _TOP, _HEIGHT = 56, 24, 70, 40, 300
_LEGEND_WIDTH = 190
_SMALLEST_SHARE = 0.02  # of the largest bar; services that are smaller everywhere are one part
_OTHERS = "others"


def drawing(estimates: Mapping[str, Estimate]) -> str:
    """One group of three bars for each environment, with a legend."""
    most = max(found.total.at(load) for found in estimates.values() for load in Load)
    bills = {name: found.by_service() for name, found in estimates.items()}
    large = [
        service
        for service in Service
        if any(
            bill[service].at(load) >= _SMALLEST_SHARE * most
            for bill in bills.values()
            if service in bill
            for load in Load
        )
    ]
    parts = {name: _parts(bill, large) for name, bill in bills.items()}
    services = [*large, _OTHERS]
    colours = dict(zip(services, _COLOURS * 2, strict=False))
    bars, x = [], _LEFT
    for name, found in estimates.items():
        centre = x + (3 * _BAR + 2 * _GAP) / 2
        bars.append(_text(centre, _TOP + _HEIGHT + 44, name, anchor="middle", weight="bold"))
        for load in Load:
            bars += _bar(x, load, parts[name], found.total, colours, most)
            x += _BAR + _GAP
        x += _GAP
    legend = [
        line
        for row, service in enumerate(services)
        for line in (
            f'<rect x="{x}" y="{_TOP + 22 * row}" width="14" height="14" fill="{colours[service]}"/>',
            _text(x + 22, _TOP + 22 * row + 12, service),
        )
    ]
    width, height = x + _LEGEND_WIDTH, _TOP + _HEIGHT + 64
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" font-family="sans-serif" font-size="13">',
            "<title>AWS cost of a month in USD, by service</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *bars,
            *legend,
            "</svg>",
            "",
        )
    )


def _parts(bill: Totals, large: Sequence[str]) -> Totals:
    """The services that are large enough to see, and the rest as one part."""
    rest = [amounts for service, amounts in bill.items() if service not in large]
    others = Amounts(*(sum(amounts.at(load) for amounts in rest) for load in Load))
    return {service: bill[service] for service in large if service in bill} | {_OTHERS: others}


def _bar(
    x: float,
    load: Load,
    parts: Mapping[str, Amounts],
    total: Amounts,
    colours: Mapping[str, str],
    most: float,
) -> list[str]:
    lines, y = [], float(_TOP + _HEIGHT)
    for service, amounts in parts.items():
        height = _HEIGHT * amounts.at(load) / most
        y -= height
        lines.append(
            f'<rect x="{x}" y="{y:.1f}" width="{_BAR}" height="{height:.1f}" '
            f'fill="{colours[service]}"><title>{escape(service)}: {amounts.at(load):,.2f} USD</title></rect>'
        )
    centre = x + _BAR / 2
    lines.append(_text(centre, y - 6, f"{total.at(load):,.0f}", anchor="middle"))
    lines.append(_text(centre, _TOP + _HEIGHT + 20, load, anchor="middle"))
    return lines


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="#1f2328">{escape(text)}</text>'
    )
