"""`couvert audit`, `rebuild` and `migrate`: prove the log, make the read models anew, bring the files up to date."""
