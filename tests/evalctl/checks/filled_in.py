"""Production as a clone fills it in: another account, hostname, repository, and released images."""

from dataclasses import replace

from environments.images import Digests, Image
from environments.prod import PROD
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.rendering.renderers import RENDERERS
from tests.support.paths import ROOT

FILLED_IN = replace(
    PROD,
    account=replace(PROD.account, id="417388205912"),
    repository=replace(
        PROD.repository, owner="our-company", oidc_subject="repo:our-company/ai-eval-platform"
    ),
    orchestrator=replace(PROD.orchestrator, hostname="evaluations.our-company.dev"),
    ownership=replace(PROD.ownership, email="platform@our-company.dev"),
    images=Digests(PROD.name, {image: f"sha256:{n + 1:064x}" for n, image in enumerate(Image)}),
)


def rendered() -> RenderedEnvironment:
    """Render it in this process."""
    texts = {
        path.removeprefix(f"rendered/{PROD.name}/"): text
        for render in RENDERERS.values()
        for path, text in render(FILLED_IN).items()
        if path.endswith((".yaml", ".json"))
    }
    return RenderedEnvironment(PROD.name, texts, ROOT, f"rendered/{PROD.name}")
