"""Where the pages lie, as the router knows them (relative to core/ui/main.py)."""

OVERVIEW = "../../pages/overview.py"
RESULTS = "../../pages/results.py"
ACCOUNTS = "../../pages/accounts.py"
ADD_ACCOUNT = "../../pages/add_account.py"
CLIENTS = "../../pages/clients.py"
SETTINGS = "../../pages/settings.py"
SYNC_HEALTH = "../../pages/sync_health.py"
