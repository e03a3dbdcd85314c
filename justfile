# Lines one could paste; `just` lists them. CI calls the same scripts.

# list the recipes
default:
    @just --list

# serve at http://127.0.0.1:8080
run:
    cargo run --release

# every suite on both databases, after installing what it needs
test:
    scripts/test

# format, clippy and docs without a warning
lint:
    scripts/lint

# write openapi.json anew; look at the diff
openapi:
    UPDATE_OPENAPI=1 cargo test --test it openapi

# replay a scenario against a running Minitwit
simulate scenario url="http://127.0.0.1:8080/api":
    cargo run --release -- simulate {{scenario}} {{url}}

# check every commit before it is made
hooks:
    git config core.hooksPath .githooks
