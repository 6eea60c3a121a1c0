"""The window: pages, widgets, scanning; it calls services through jobs and actions and knows no SQL."""
