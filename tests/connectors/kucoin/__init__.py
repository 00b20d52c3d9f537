"""What the connector of KuCoin reads, against the truth of the sandbox."""
