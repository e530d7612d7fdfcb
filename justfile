# What people do daily, for https://just.systems. Each line is a command of bin/, which also works without just.

# the product, with simulated PSAs to try it on
demo *options:
    bin/demo {{options}}

# checks and all tests
test:
    bin/test

# lint, format, import layers: seconds, no servers
lint:
    bin/test --lint

# the above, types, migrations, row-level security, ready to deploy
checks:
    bin/test --checks

# one test or some: just one tests/sync/test_runs.py -k no_change
one +paths:
    bin/test --tests {{paths}} -q

# would a test notice? First `bin/mutate map`, once.
mutate count="20":
    bin/mutate run --count {{count}}
    bin/mutate report

# figures: just benchmark merge
benchmark +what:
    bin/manage benchmark {{what}}

# migrations for changed models
migrations:
    bin/manage makemigrations
