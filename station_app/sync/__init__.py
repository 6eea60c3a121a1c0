"""What crosses between station and district, by file (SYNC.md)."""
