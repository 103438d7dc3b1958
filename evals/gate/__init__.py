"""From what DeepEval wrote to a verdict; knows nothing of the platform that asks."""
