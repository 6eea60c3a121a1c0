"""The district's end in the same house, so that tests close the loop. Never opens a station's database."""
