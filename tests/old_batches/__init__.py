"""Every released version of the exchange format as files, with the keys that open them; read by test_old_batches.py."""
