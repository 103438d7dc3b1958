"""The address of an observable's runbook entry."""

from environments.spec import Repository

RUNBOOKS = "docs/runbooks"


def runbook_url(repository: Repository, board_uid: str, observable_id: str) -> str:
    """On GitHub, on the branch that Argo CD follows, so that the entry matches the running rules."""
    return f"{runbook_page_url(repository, board_uid)}#{observable_id}"


def runbook_page_url(repository: Repository, board_uid: str) -> str:
    """The page of a whole board."""
    return (
        f"https://github.com/{repository.owner}/{repository.name}/blob/{repository.revision}/"
        f"{RUNBOOKS}/{board_uid}.md"
    )
