"""What `couvert doctor` looks at: each check is a function of the parts, and its findings say what to do."""
