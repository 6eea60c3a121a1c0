"""What leaves the printer: badges, blank sheets, slips and reports, and their preview. Plain records in, a PDF out."""
