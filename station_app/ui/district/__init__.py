"""The window of a district: officers over the merged data of their stations."""
