"""Commands of the operator's command line, one module per subject."""
