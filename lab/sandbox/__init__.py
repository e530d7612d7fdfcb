"""PSAs that speak their vendor's wire format, to try settings on and to test against. Each is a process of its own."""
