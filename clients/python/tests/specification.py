# The specification's example, but for the package and the class.
from offshoot_client import Client

client = Client(
    base_url="http://localhost:8080",
    api_key="your-api-key"
)

# Create branch
branch = client.branches.create(
    name="feature-auth",
    source_branch="main",
    as_of={"type": "now"}
)

# Query data
results = client.branches.query(
    "feature-auth",
    sql="SELECT * FROM users WHERE active = true"
)

# Merge branch
client.branches.merge(
    "feature-auth",
    target_branch="main",
    conflict_resolution="source_wins",
    delete_after_merge=True
)
