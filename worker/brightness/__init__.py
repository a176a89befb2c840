"""A detector without a network, for commissioning cameras and for drills before a model exists.

`python -m worker.brightness --product P` registers and promotes it; the worker recognises its bundle.
"""
