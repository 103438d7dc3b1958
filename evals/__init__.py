"""The quality gate: golden questions, the suite that scores answers, and the gate that decides on them."""
