"""The program a warm station's keeper has open all day: visits, supplies, requests and their exchange with the district."""

__version__ = "0.1.0"
