"""What runs beside the requests: the courier, which hands deliveries over."""
