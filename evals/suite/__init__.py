"""The evaluation suite: the platform's own questions, run by `deepeval test run` (`evalctl evaluate`)."""
