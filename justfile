# Lines one could paste; `just` lists them. CI calls the same scripts.

# list the recipes
default:
    @just --list

# serve at http://127.0.0.1:8080
run:
    cargo run --release

# check every commit before it is made
hooks:
    git config core.hooksPath .githooks

# what the hook checks: format, clippy, architecture
check:
    .githooks/pre-commit

# format, clippy and docs without a warning; then every configuration file, and what comes from elsewhere
lint:
    scripts/lint
    scripts/check-config
    scripts/supply-chain

# every suite on both databases, after installing what it needs
test:
    scripts/test

# all of CI, on a fresh Debian machine as root
ci:
    .ci/run

# this commit's image: from the registry if it is there, else built
image:
    scripts/image get

# the image in its Compose deployment, looked at through the proxy; wants Docker
verify: image
    scripts/verify

# Compose and a Swarm on an engine of the project's own, with stand-ins for images (root)
rehearse binary="target/release/minitwit":
    scripts/rehearse {{binary}}

# three Swarm nodes, one of which dies (root)
rehearse-nodes binary="target/release/minitwit":
    scripts/rehearse {{binary}} nodes

# what the pipeline does at night: the whole Dockerfile with the real toolchain, and its binary on three nodes (root)
nightly:
    scripts/rehearse dockerfile nodes

# look at a Minitwit that runs somewhere, reading only
smoke url:
    scripts/smoke {{url}}

# what the changelog says of a version ("Unreleased" for what is coming)
release-notes version="Unreleased":
    scripts/release-notes {{version}}

# tag the commit's image with its version and publish the notes
release:
    scripts/release

# bring staging or production to this commit, with a way back
deploy environment:
    scripts/deploy {{environment}}

# write openapi.json anew; look at the diff
openapi:
    UPDATE_OPENAPI=1 cargo test --test it openapi

# replay a scenario against a running Minitwit
simulate scenario url="http://127.0.0.1:8080/api":
    cargo run --release --package minitwit-tools -- simulate {{scenario}} {{url}}

# fill the empty database of this folder (DATABASE_URL: another one), and say whom one can sign in as
seed *options="--users 300 --messages 5000 --follows 3000":
    cargo run --release --package minitwit-tools -- seed {{options}}
