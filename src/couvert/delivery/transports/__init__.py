"""The providers, one adapter each, behind `delivery.transport`."""
