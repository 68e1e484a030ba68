"""What Prometheus reads at /metrics. Knows ids of integrations, and nothing of a lead."""
