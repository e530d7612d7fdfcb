"""ConnectWise PSA by its REST API 3.0."""
