"""A new environment: a copy of another one's value, and its lines in the other files that name environments."""

import ast
import itertools
import json
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from operator import attrgetter
from pathlib import Path

from environments.images import Digests, Image
from environments.rules import problems
from environments.rules.network import PRIVATE_NETWORKS, RESERVED_NETWORKS
from environments.spec import Environment
from evalctl.release import PLACEHOLDER, formatted
from evalctl.rendering.changes import Change, text_of

# The fields that differ from the source's, besides the images.
FIELDS = (
    *("name", "promotes_from", "account.id", "repository.deploy_environment"),
    *("network.vpc_cidr", "orchestrator.hostname"),
)
_REGISTRY = "environments/registry.py"
_IMAGES = "environments/images.json"
_DEPLOYS = ".github/workflows/deploy.yml"
_OWNERS = ".github/CODEOWNERS"
# YAML reads these words as something else than text; deploy.yml has the name as a key and as a value.
_WORDS_OF_YAML = {"false", "n", "no", "null", "off", "on", "true", "y", "yes"}


class RefusedError(Exception):
    """The environment cannot be made; the message and `problems` describe why, and what to do."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        self.problems = problems
        super().__init__(message)


@dataclass(frozen=True)
class _Edit:
    """A new text for the bytes from `start` to `end`."""

    start: int
    end: int
    text: str


def module_of(name: str) -> str:
    """The file of an environment's value, as in `environments/load_test.py` for `load-test`."""
    return f"environments/{_identifier(name)}.py"


def value(
    environments: Sequence[Environment],
    *,
    name: str,
    source: Environment,
    promotes_from: str | None,
) -> Environment:
    """The source's value with another name, placeholders for what is unique, and no image yet.

    Raises:
        RefusedError: the name is taken or cannot be used, or the value would break a rule.
    """
    if broken := problems(environments):
        raise RefusedError("The environments break rules; correct them first.", broken)
    if name in (env.name for env in environments):
        raise RefusedError(f"There is an environment {name!r} already ({_REGISTRY}).")
    if _identifier(name) in {*_WORDS_OF_YAML, *map(str.lower, keyword.kwlist), "environments"}:
        raise RefusedError(
            f"{name!r} is a word of Python, of YAML or of {_REGISTRY}. Choose another name."
        )
    environment = replace(
        source,
        name=name,
        promotes_from=promotes_from,
        account=replace(source.account, id=_account(environments)),
        repository=replace(source.repository, deploy_environment=name),
        network=replace(source.network, vpc_cidr=_vpc(source, environments)),
        orchestrator=replace(source.orchestrator, hostname=_hostname(source, name)),
        images=Digests(name, dict.fromkeys(Image, PLACEHOLDER)),
    )
    if broken := problems((*environments, environment)):
        raise RefusedError(f"{name!r} would break rules; nothing was written.", broken)
    return environment


def changes(new: Environment, *, source: Environment, root: Path) -> list[Change]:
    """The files that name environments, with the new one.

    Raises:
        RefusedError: a file is there already, or has a form that cannot be edited.
    """
    module = module_of(new.name)
    for taken in (module, module.removesuffix(".py")):
        if (root / taken).exists():
            raise RefusedError(f"{taken} exists already. Choose another name than {new.name!r}.")
    digests = json.loads(_text(root, _IMAGES)) | {new.name: dict(new.images)}
    texts = {
        module: _module(_text(root, module_of(source.name)), new, source),
        _REGISTRY: _registry(_text(root, _REGISTRY), new.name),
        _IMAGES: formatted(digests),
        _DEPLOYS: _deploys(_text(root, _DEPLOYS), new, source),
        _OWNERS: _owners(_text(root, _OWNERS), new.name, source.name),
    }
    found = [Change(root / path, text_of(root / path), text) for path, text in texts.items()]
    return [change for change in found if change.old != change.new]


def to_do(
    new: Environment, *, source: Environment, environments: Sequence[Environment]
) -> Iterator[str]:
    """What is left for a person, as lines."""
    name, copied = new.name, source.name
    images = (
        "builds make its images"
        if new.promotes_from is None
        else f"it runs only images that {new.promotes_from} runs"
    )
    yield f"Fill in, in {module_of(name)} (the other fields are those of {copied}):"
    yield f"  account.id             {new.account.id} is a placeholder; it needs an AWS account of its own"
    yield (
        f"  account.region         {new.account.region}, as {copied}; network.zones and the node groups' zones "
        "are in it"
    )
    yield f"  orchestrator.hostname  {new.orchestrator.hostname}; the account needs a certificate for it"
    yield f"  network.vpc_cidr       {new.network.vpc_cidr}, the next free range"
    yield (
        f"  cluster                admin_role_names must exist in the account: "
        f"{', '.join(new.cluster.admin_role_names)}"
    )
    yield f"  promotes_from          {new.promotes_from}: {images}"
    if new.previews is not None:
        yield f"  previews               as {copied}: a labelled pull request gets one in each of them; None: in none"
    for env in environments:
        if new.promotes_from is not None and env.promotes_from == new.promotes_from:
            yield (
                f"  If {env.name} is to run only what {name} runs: promotes_from={json.dumps(name)} in "
                f"{module_of(env.name)}, and `needs: {name}` in its job in {_DEPLOYS}"
            )
    yield f"  waivers                {name} has none: `evalctl checklist {name}` lists what fails (docs/go-live.md)"
    yield "Then:"
    yield "  1. make render, and commit all of it together"
    yield f"  2. Make the environment {name} on GitHub, with its rules: docs/delivery.md"
    yield "  3. Deploy: docs/first-day.md"
    yield (
        f"  4. Release each image: {_IMAGES} has zeros, because {name}'s registry is empty. Pods of zeros wait "
        "in ImagePullBackOff."
    )
    if new.promotes_from is None:
        yield f"     evalctl release COMPONENT DIGEST --env {name} (docs/releases.md)"
    else:
        yield f"     evalctl promote COMPONENT --to {name} (docs/releases.md)"


def _identifier(name: str) -> str:
    return name.replace("-", "_")


def _account(environments: Sequence[Environment]) -> str:
    """The first of 000000000000, 000000000001 … that no environment has: a placeholder."""
    taken = {env.account.id for env in environments}
    return next(number for number in map("{:012}".format, itertools.count()) if number not in taken)


def _vpc(source: Environment, environments: Sequence[Environment]) -> str:
    """The next range of the source's size that no VPC and no network of people uses."""
    own = IPv4Network(source.network.vpc_cidr)
    taken = [
        *RESERVED_NETWORKS,
        *(IPv4Network(env.network.vpc_cidr) for env in environments),
        *(IPv4Network(cidr) for env in environments for cidr in env.cluster.private_access_cidrs),
    ]
    candidates = sorted(
        (cidr for block in PRIVATE_NETWORKS for cidr in block.subnets(new_prefix=own.prefixlen)),
        key=lambda cidr: (cidr < own, cidr),
    )
    for cidr in candidates:
        if not any(cidr.overlaps(network) for network in taken):
            return str(cidr)
    raise RefusedError(f"No private range of the size /{own.prefixlen} is free for a VPC.")


def _hostname(source: Environment, name: str) -> str:
    """The source's hostname with the new name in place of the old one, or else in its first label."""
    old = source.orchestrator.hostname
    part = rf"(?<![a-z0-9]){re.escape(source.name)}(?![a-z0-9])"
    new, replaced = re.subn(part, name, old, count=1)
    label, _, domain = old.partition(".")
    return new if replaced else f"{label}-{name}.{domain}"


def _text(root: Path, path: str) -> str:
    text = text_of(root / path)
    if text is None:
        raise RefusedError(f"{path} is missing. `git checkout {path}` restores it.")
    return text


def _module(text: str, new: Environment, source: Environment) -> str:
    """The source's module with another first line, another constant and other values."""
    path, tree = module_of(source.name), ast.parse(text)
    constant = _identifier(source.name).upper()
    target, call = _assigned(tree, constant, path)
    title = f"The environment {new.name}, which began as a copy of {source.name}."
    edits = [_edit(text, target, _identifier(new.name).upper())]
    for field in FIELDS:
        found = attrgetter(field)(new)
        literal = "None" if found is None else json.dumps(found)
        edits.append(_edit(text, _argument(call, field, path), literal))
    match _argument(call, "images", path):
        case ast.Call(args=[argument]):
            edits.append(_edit(text, argument, json.dumps(new.name)))
        case _:
            raise RefusedError(f'{path} must have images=images_of("{source.name}"). Write it so.')
    match tree.body[0]:
        case ast.Expr(value=ast.Constant(value=str(page)) as docstring):
            edits.append(
                _edit(text, docstring, f'"""{title}{"".join(page.partition(chr(10))[1:])}"""')
            )
    return _edited(text, edits)


def _registry(text: str, name: str) -> str:
    """The registry with an import in alphabetical order, and a last element."""
    tree = ast.parse(text)
    _, values = _assigned(tree, "ENVIRONMENTS", _REGISTRY)
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    if not (isinstance(values, ast.Tuple) and values.elts and imports):
        raise RefusedError(
            f"{_REGISTRY} must import each value and list it in a tuple. Write it so."
        )
    module, constant = f"environments.{_identifier(name)}", _identifier(name).upper()
    line = f"from {module} import {constant}"
    later = [node for node in imports if (node.module or "") > module]
    end_of_last = _span(text, values.elts[-1])[1]
    if later:
        start = _span(text, later[0])[0]
        added = _Edit(start, start, f"{line}\n")
    else:
        end = _span(text, imports[-1])[1]
        added = _Edit(end, end, f"\n{line}")
    return _edited(text, [added, _Edit(end_of_last, end_of_last, f",\n    {constant}")])


def _deploys(text: str, new: Environment, source: Environment) -> str:
    """The workflow with a job like the source's, after the job of the environment whose images it takes."""
    start = re.search(rf"^  {re.escape(source.name)}:\n", text, re.MULTILINE)
    if start is None:
        raise RefusedError(f"{_DEPLOYS} has no job {source.name!r} to copy. Add it.")
    body = re.match(r"(?:    .*\n?|\n)*", text[start.end() :])
    assert body is not None  # it also matches an empty text
    old = re.escape(source.name)
    job = re.sub(r"^    (?:if|needs):.*\n", "", body[0].rstrip("\n") + "\n", flags=re.MULTILINE)
    job = re.sub(rf"^(      (?:group: deploy-|env: )){old}$", rf"\g<1>{new.name}", job, flags=re.M)
    condition = (
        f"    if: github.ref == 'refs/heads/{new.repository.revision}'\n"
        if new.promotes_from is None
        else f"    needs: {new.promotes_from}\n"
    )
    return f"{text.rstrip(chr(10))}\n\n  {new.name}:\n{condition}{job}"


def _owners(text: str, name: str, source: str) -> str:
    """A line like the source's. Production has none: its owners are those of every other path."""
    line = re.search(rf"^/rendered/{re.escape(source)}/( +)(.*)\n", text, re.MULTILINE)
    if line is None:
        return text
    spaces = " " * max(1, len(line[1]) + len(source) - len(name))
    return f"{text[: line.end()]}/rendered/{name}/{spaces}{line[2]}\n{text[line.end() :]}"


def _assigned(tree: ast.Module, name: str, path: str) -> tuple[ast.expr, ast.expr]:
    """The target and the value of the assignment to this name."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=found) as target]) if found == name:
                return target, node.value
    raise RefusedError(f"{path} has no line `{name} = …`. Give the value that name.")


def _argument(call: ast.expr, field: str, path: str) -> ast.expr:
    """The argument at a dotted path of calls."""
    node = call
    for part in field.split("."):
        found = (
            [a.value for a in node.keywords if a.arg == part] if isinstance(node, ast.Call) else []
        )
        if not found:
            raise RefusedError(f"{path} does not write {field} as an argument. Write it so.")
        node = found[0]
    return node


def _span(text: str, node: ast.expr | ast.stmt) -> tuple[int, int]:
    """Where the node is in the text's bytes, in which Python counts columns."""
    lengths = map(len, text.encode("utf-8", "surrogateescape").splitlines(keepends=True))
    starts = [0, *itertools.accumulate(lengths)]
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return starts[node.lineno - 1] + node.col_offset, starts[
        node.end_lineno - 1
    ] + node.end_col_offset


def _edit(text: str, node: ast.expr, new: str) -> _Edit:
    return _Edit(*_span(text, node), new)


def _edited(text: str, edits: Sequence[_Edit]) -> str:
    """The text after the edits, the last one first, so that the places of the others stay."""
    data = text.encode("utf-8", "surrogateescape")
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        data = data[: edit.start] + edit.text.encode() + data[edit.end :]
    return data.decode("utf-8", "surrogateescape")
