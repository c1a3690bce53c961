"""What is counted, shown to whoever watches: one table of measures, and the page that Prometheus reads."""
