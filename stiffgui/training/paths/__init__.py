"""How the steps of an epoch are taken: compiled loops on processors, torch elsewhere."""
