"""HaloPSA (HaloITSM, Halo Service Desk) by its REST API."""
