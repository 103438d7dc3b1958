"""The architecture as a Mermaid chart, drawn from the rendered graph and not from a picture in somebody's head."""

from collections.abc import Iterator

from environments.names import Secret, Stack
from environments.spec import Environment
from evalctl.overview.stores import STORES, entries
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.parsed.kubernetes import Pods, called, objects, pods
from evalctl.parsed.node import Node
from evalctl.parsed.terraform import Resource, references, resources


def architecture(env: Environment, rendered: RenderedEnvironment) -> Iterator[str]:
    """Pods in their node groups, the stores that they reach, what enters, and what is backed up."""
    yield "```mermaid"
    yield "flowchart LR"
    yield f"  people([people and CI]) -->|HTTPS| alb[{env.orchestrator.hostname}]"
    yield from _network(rendered)
    for stack, label in STORES.items():
        yield f"  {stack}[({label})]"
    for bucket in resources(rendered, "aws_s3_bucket"):
        if bucket.stack is Stack.STORAGE:
            yield f"  {_id(bucket.address)}[(S3 {bucket.id})]"
    yield "  providers([LLM providers])"
    yield from sorted({*_entrances(rendered), *_connections(rendered), *_backups(rendered)})
    yield "```"


def _network(rendered: RenderedEnvironment) -> Iterator[str]:
    owners = list(pods(rendered))
    zones = sorted({each["availability_zone"].text() for each in resources(rendered, "aws_subnet")})
    yield f'  subgraph vpc["VPC in {", ".join(zones)}"]'
    for group in resources(rendered, "aws_eks_node_group"):
        kinds, size = group["instance_types"].texts(), group["scaling_config"]
        title = f"{group.id}: {size['min_size'].value} to {size['max_size'].value} {kinds[0]}"
        yield f'    subgraph {_id(group.address)}["{title}"]'
        for owner in owners:
            selector = owner.spec["nodeSelector"].labels()
            if selector.items() <= group["labels"].labels().items():
                yield f'      {_id(owner.name)}["{owner.name}{_count(rendered, owner)}"]'
        yield "    end"
    yield "  end"


def _count(rendered: RenderedEnvironment, owner: Pods) -> str:
    """How many pods there are: fixed, or between the autoscaler's bounds."""
    for scaler in objects(rendered, "HorizontalPodAutoscaler"):
        spec = scaler["spec"]
        if spec["scaleTargetRef"]["name"].value == owner.name:
            return f": {spec['minReplicas'].value} to {spec['maxReplicas'].value}"
    replicas = owner.owner.at("spec", "replicas")
    return f": {replicas.value}" if replicas.present else " (job)"


def _entrances(rendered: RenderedEnvironment) -> Iterator[str]:
    for ingress in objects(rendered, "Ingress"):
        for rule in ingress.at("spec", "rules").items():
            for path in rule.at("http", "paths").items():
                service = path.at("backend", "service", "name").text()
                for found in objects(rendered, "Service"):
                    if found["metadata"]["name"].value == service:
                        selector = found.at("spec", "selector").labels()
                        for owner in pods(rendered):
                            if selector.items() <= owner.labels.items():
                                yield f"  alb --> {_id(owner.name)}"


def _connections(rendered: RenderedEnvironment) -> Iterator[str]:
    """From pods to the stores whose Secrets and buckets they read."""
    stores = entries(rendered)
    for owner in pods(rendered):
        for name in sorted(_secrets(owner)):
            secret = called(rendered, "ExternalSecret", name, namespace=owner.namespace)
            for key in _keys(secret) if secret is not None else ():
                if key in stores:
                    yield f"  {_id(owner.name)} --> {stores[key]}"
                elif key.endswith(f"/{Secret.LLM_KEYS}"):
                    yield f"  {_id(owner.name)} -->|through NAT| providers"
        for container in owner.containers():
            for source in container["envFrom"].items():
                config = called(
                    rendered,
                    "ConfigMap",
                    source.at("configMapRef", "name").text_or(""),
                    namespace=owner.namespace,
                )
                if config is not None:
                    for bucket in _buckets(rendered, config):
                        yield f"  {_id(owner.name)} --> {_id(bucket.address)}"


def _secrets(owner: Pods) -> set[str]:
    volumes = [each.at("secret", "secretName") for each in owner.spec["volumes"].items()]
    return {each.text() for each in volumes if each.present}


def _keys(secret: Node) -> Iterator[str]:
    for datum in secret.at("spec", "data").items():
        yield datum.at("remoteRef", "key").text()
    for source in secret.at("spec", "dataFrom").items():
        yield source.at("extract", "key").text()


def _buckets(rendered: RenderedEnvironment, config: Node) -> Iterator[Resource]:
    named = {value.text() for key, value in config["data"].entries() if key.endswith("_BUCKET")}
    for bucket in resources(rendered, "aws_s3_bucket"):
        if bucket["bucket"].text() in named:
            yield bucket


def _backups(rendered: RenderedEnvironment) -> Iterator[str]:
    buckets = {each["bucket"].text(): each for each in resources(rendered, "aws_s3_bucket")}
    for selection in resources(rendered, "aws_backup_selection"):
        for node in selection["resources"].items():
            bucket = buckets.get(node.text().rpartition(":")[2])
            found = [each.resource for each in references(rendered, selection.stack, node.text())]
            for resource in [bucket, *found]:
                if resource is not None:
                    saved = resource.stack if resource.stack in STORES else _id(resource.address)
                    yield f"  {saved} -.->|AWS Backup| vault[(vault)]"


def _id(name: str) -> str:
    """A name that Mermaid reads as one."""
    return name.replace(".", "_").replace("-", "_")
