"""Measurements, each beside a floor taken in the same run; they are run by hand and hold nobody up."""
