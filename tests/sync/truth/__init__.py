"""What a PSA holds, field by field, said a second time and apart from the adapters: by the vendors' documents, from the sandboxes' own records."""
