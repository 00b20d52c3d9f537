"""The demo world: sandbox exchanges, a client with three accounts and thirty days of history, flagged and removable."""
