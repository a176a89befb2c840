"""Optics check before the model: a dying lamp, a loose lens or a moved camera is not reported as defects."""
