"""Retrain: reviewed rows become a better model. For now: promotion, and the nightly timetable."""
