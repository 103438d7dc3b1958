"""Puts Argo CD into a new cluster, once; from then on Argo CD keeps everything in sync, itself too.

And takes an environment down again, in the order in which nothing is left behind.
"""
