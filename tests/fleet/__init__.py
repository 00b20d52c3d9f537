"""A fleet for measures and long runs: accounts at sandbox exchanges, read by sidecars in processes of their own."""
