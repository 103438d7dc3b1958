"""An estimate and a comparison as plain values, for `--format json`."""

from dataclasses import asdict
from typing import Any

from environments.spec import Environment
from evalctl.cost.assumptions import Load
from evalctl.cost.comparison import Change, Comparison
from evalctl.cost.estimate import Estimate, Totals

Document = dict[str, Any]


def estimate_document(env: Environment, found: Estimate) -> Document:
    return {
        "environment": env.name,
        "monthly_aws_budget_usd": env.objectives.monthly_aws_budget_usd,
        "total_usd": asdict(found.total),
        "services_usd": _totals(found.by_service()),
        "stacks_usd": _totals(found.by_stack()),
        "evaluations": asdict(found.evaluations.count),
        "llm_usd_per_evaluation": found.evaluations.llm_usd_each,
        "aws_usd_per_1000_evaluations": {load: found.per_thousand(load) for load in Load},
        "assumptions": asdict(found.usage),
        "items": [
            {
                "stack": item.stack,
                "service": item.service,
                "what": item.what,
                "price": item.price.name,
                "usd_each": item.price.usd,
                "per": item.price.per,
                "source": f"{item.price.source.name} ({item.price.source.date})",
                "estimate": item.price.estimate,
                "amounts": asdict(item.amounts),
            }
            for item in found.items
        ],
        "missing": [str(missing) for missing in found.missing],
    }


def comparison_document(env: Environment, comparison: Comparison, *, revision: str) -> Document:
    return {
        "environment": env.name,
        "revision": revision,
        "total": _change(comparison.total),
        "stacks": [_change(change) for change in comparison.stacks],
        "services": [_change(change) for change in comparison.services],
    }


def _totals(totals: Totals) -> Document:
    return {str(name): asdict(amounts) for name, amounts in totals.items()}


def _change(change: Change) -> Document:
    return {
        "name": str(change.name),
        "before_usd": asdict(change.before),
        "after_usd": asdict(change.after),
    }
