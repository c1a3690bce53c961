"""From a mail's content to a provider's answer: rendering, building, handing over."""
