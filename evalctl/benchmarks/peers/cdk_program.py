"""Writes AWS CDK's program: a stack for each stack and each folder of objects, a call for each of them.

It is the cheapest form of such a program: `CfnResource` takes each property as it is, where CDK's typed
classes check and convert it, and CDK checks no template (`NO_VALIDATION`). The types are custom ones, because
the properties have Terraform's names. The objects are as `aws_eks.KubernetesManifest` writes them: a resource
with the object as text. The program can also import the modules of the typed classes, as one that uses them.
"""

import json
from collections.abc import Iterable, Iterator

from evalctl.benchmarks.peers.declared import KubernetesObject, Resource, reference

_HEAD = """
import sys

import aws_cdk
{imports}

app = aws_cdk.App(outdir=sys.argv[1], analytics_reporting=False)
"""
_TAIL = """
app.synth()
"""
_OBJECT = "Custom::AWSCDK-EKS-KubernetesResource"
# aws-cdk-lib's core/lib/private/synthesis-validation.js reads it. The rules take longer than the program.
NO_VALIDATION = {"CDK_VALIDATION": "false"}
# CDK's module, where it is not named by the first word of Terraform's type; None is what CDK has no class for.
_MODULES = {
    **dict.fromkeys(
        (
            *("default", "ebs", "eip", "flow", "instance", "internet", "launch", "nat", "network"),
            *("route", "security", "subnet", "volume", "vpc"),
        ),
        "ec2",
    ),
    "cloudwatch": "logs",
    "db": "rds",
    "terraform": None,
}


def program(
    resources: Iterable[Resource], objects: Iterable[KubernetesObject], *, typed: bool
) -> str:
    """The text of the program; `typed` imports the modules of the typed classes."""
    resources = list(resources)
    modules = {_module_of(each.type) for each in resources} - {None} if typed else set()
    lines = [*_stacks([*resources, *objects])]
    imports = "\n".join(f"import aws_cdk.aws_{module}" for module in sorted(filter(None, modules)))
    return _HEAD.lstrip().format(imports=imports) + "\n".join(lines) + "\n" + _TAIL


def _module_of(type_: str) -> str | None:
    word = type_.removeprefix("aws_").split("_")[0]
    return _MODULES.get(word, word)


def _stacks(declared: Iterable[Resource | KubernetesObject]) -> Iterator[str]:
    stacks: set[str] = set()
    variables: dict[tuple[str, str, str], str] = {}
    for index, each in enumerate(declared):
        name = each.stack if isinstance(each, Resource) else each.folder
        variable = f"stack_{name.replace('-', '_')}"
        if name not in stacks:
            stacks.add(name)
            yield f"{variable} = aws_cdk.Stack(app, {name!r})"
        if isinstance(each, Resource):
            type_ = f"Custom::{each.type}"
            properties = _text(each.stack, each.properties, variables)
            variables[each.stack, each.type, each.name] = f"resource_{index}"
        else:
            type_, properties = _OBJECT, repr({"Manifest": json.dumps([each.manifest])})
        yield (
            f"resource_{index} = aws_cdk.CfnResource("
            f"{variable}, {each.id!r}, type={type_!r}, properties={properties})"
        )


def _text(stack: str, value: object, variables: dict[tuple[str, str, str], str]) -> str:
    match value:
        case dict():
            parts = (f"{key!r}: {_text(stack, part, variables)}" for key, part in value.items())
            return f"{{{', '.join(parts)}}}"
        case list():
            return f"[{', '.join(_text(stack, part, variables) for part in value)}]"
    to = reference(value)
    variable = variables.get((stack, to.type, to.name)) if to else None
    return f"{variable}.get_att({to.attribute!r})" if to and variable else repr(value)
