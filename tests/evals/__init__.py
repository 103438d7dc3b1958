"""The suite and its gate, with the real DeepEval and a stand-in judge that follows fixed rules."""
