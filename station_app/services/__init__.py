"""What a keeper can do: plain values in, records and Changes out, typed errors; no text for people, no Qt."""
