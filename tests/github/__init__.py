"""Tests of .github/: what GitHub runs, for whom, and with which rights."""
