"""The bulk queue: what comes in by it, what couvert puts there itself, and what no mail can be made of."""
