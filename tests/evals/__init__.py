"""The quality gate, with the real DeepEval and a judge that always says the same."""
