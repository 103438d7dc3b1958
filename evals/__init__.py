"""The quality gate: golden questions, the suite that scores the answers, and the gate that decides."""
