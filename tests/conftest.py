"""Real servers, the app role, and no way out but loopback: see tests/fixtures."""

pytest_plugins = (
    "tests.fixtures.clock",
    "tests.fixtures.database",
    "tests.fixtures.interleaving",
    "tests.fixtures.network",
    "tests.fixtures.people",
    "tests.fixtures.redis_servers",
    "tests.fixtures.runs",
    "tests.fixtures.systems",
)
