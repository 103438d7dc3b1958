"""A judge that follows fixed rules instead of a model, for DeepEval's prompts.

A claim is faithful when its sentence is in the context, and a statement is off the question when it
begins with "By the way".
"""

import ast
import re

# What each prompt names as the key of the answer → the name of DeepEval's schema.
_SCHEMAS = {
    "truths": "Truths",
    "claims": "Claims",
    "statements": "Statements",
    "verdicts": "Verdicts",
    "reason": "Reason",
}


def schema(prompt: str) -> str:
    """The schema that a prompt of DeepEval's metrics requests in words."""
    keys = re.findall(r"the ['\"](\w+)['\"] key", prompt)
    return next((_SCHEMAS[key] for key in reversed(keys) if key in _SCHEMAS), "Reason")


def respond(schema: str, prompt: str) -> object:
    """The answer to a prompt of DeepEval's metrics, in the requested schema."""
    match schema:
        case "Truths":
            return {"truths": _sentences(_after(prompt, "\nText:\n"))}
        case "Claims":
            return {"claims": _sentences(_after(prompt, "\nAI Output:\n"))}
        case "Statements":
            return {"statements": _sentences(_after(prompt, "\nText:\n"))}
        case "Verdicts" if "\nRetrieval Contexts:\n" in prompt:
            context = _after(prompt, "\nRetrieval Contexts:\n").split("\n\nClaims:\n")[0]
            return {"verdicts": [_supported(claim, context) for claim in _items(prompt, "Claims")]}
        case "Verdicts":
            return {"verdicts": [_relevant(text) for text in _items(prompt, "Statements")]}
        case _:
            return {"reason": "Judged by fixed rules."}


def _after(prompt: str, heading: str) -> str:
    """The text between the last such heading and the word that ends every prompt."""
    return prompt[prompt.rindex(heading) + len(heading) :].split("\n\nJSON:")[0].strip()


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]


def _items(prompt: str, heading: str) -> list[str]:
    """The list below a heading of the prompt, in Python's or JSON's syntax."""
    listed = _after(prompt, f"\n{heading}:\n")
    items = ast.literal_eval(listed)
    assert isinstance(items, list)
    return [str(item) for item in items]


def _supported(claim: str, context: str) -> dict[str, str]:
    if _plain(claim) in _plain(context):
        return {"verdict": "yes"}
    return {"verdict": "no", "reason": f"The context does not mention: {claim}"}


def _relevant(statement: str) -> dict[str, str]:
    if not statement.startswith("By the way"):
        return {"verdict": "yes"}
    return {"verdict": "no", "reason": f"Not part of the question: {statement}"}


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()
