"""What the application's user of the job queue may do, as Markdown."""

from collections.abc import Iterator

from environments.queue_users import ALLOWED_EXAMPLES, APPLICATION, REFUSED_EXAMPLES


def markdown() -> str:
    """The access rules in words, and examples."""
    rules = list(_rules(APPLICATION.access))
    return "\n".join(
        (
            "| rule | |",
            "| --- | --- |",
            *(f"| {name} | {value} |" for name, value in rules),
            "",
            "| allowed, for example | refused, for example |",
            "| --- | --- |",
            *(
                f"| `{allowed}` | `{refused}` |"
                for allowed, refused in zip(ALLOWED_EXAMPLES, REFUSED_EXAMPLES, strict=True)
            ),
        )
    )


def _rules(access: str) -> Iterator[tuple[str, str]]:
    """The access string's words by what they mean; later words win over earlier ones.

    Raises:
        ValueError: a word has none of these meanings.
    """
    meanings = {
        "~": "keys match",
        "&": "channels match",
        "+@": "allowed categories of commands",
        "-@": "refused categories, also where a command is in an allowed one",
        "+": "allowed commands besides",
        "-": "refused commands besides",
    }
    found: dict[str, list[str]] = {sign: [] for sign in meanings}
    for word in access.split():
        sign = next((s for s in ("+@", "-@", "~", "&", "+", "-") if word.startswith(s)), None)
        if sign is None and word != "on":
            raise ValueError(
                f"{word!r} of the queue's access rules has no words for docs/images.md"
            )
        if sign in ("~", "&"):
            found[sign].append(f"`{word[1:]}`")
        elif sign is not None and word != "-@all":  # the start: nothing is allowed
            shown = word.removeprefix(sign)
            found[sign].append(f"`@{shown}`" if "@" in sign else f"`{shown.upper()}`")
    for sign, meaning in meanings.items():
        if found[sign]:
            yield meaning, ", ".join(found[sign])
