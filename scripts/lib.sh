# shellcheck shell=sh
# What the pipeline's scripts share: which version and commit this is, what its image is called, when to refuse,
# and how a stage is announced. They source it from the project's folder.

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# stage NAME COMMAND…: runs it under a heading, and says how long it took.
stage() {
    name=$1 start=$(date +%s)
    shift
    echo "== $name: $*"
    "$@"
    now=$(date +%s) begun=${begun:-$start}
    echo "== $name: $((now - start)) s, $((now - begun)) s in all"
}

# The version in Cargo.toml.
version() {
    sed -n '/^\[package\]/,/^\[dep/s/^version = "\(.*\)"$/\1/p' Cargo.toml
}

# The commit, as the binary itself shows it; what is not committed is nobody's commit.
commit() {
    hash=$(git rev-parse --short=12 HEAD)
    if [ -n "$(git status --porcelain --untracked-files=no)" ]; then hash=$hash-dirty; fi
    echo "$hash"
}

# Where the images live: a registry's repository, or only a name on this machine.
repository() {
    echo "${IMAGE_REPOSITORY:-minitwit}"
}

# The path of minitwit-tools: MINITWIT_TOOLS, or what is built here, by this machine's cargo or in a Debian that has one.
minitwit_tools() {
    if [ -n "${MINITWIT_TOOLS:-}" ]; then
        realpath "$MINITWIT_TOOLS"
        return
    fi
    in_debian=''
    command -v cargo > /dev/null || in_debian=scripts/in-debian
    $in_debian cargo build --release --quiet --package minitwit-tools >&2
    realpath "${CARGO_TARGET_DIR:-target}/release/minitwit-tools"
}

is_pull_request() {
    [ "${TRAVIS_PULL_REQUEST:-false}" != false ]
}

# A pull request is somebody's proposal: it pushes nothing, releases nothing, deploys nothing.
refuse_pull_requests() {
    ! is_pull_request || fail "a pull request (${TRAVIS_PULL_REQUEST:-}) does not get to do this"
}

# The branch and the tag that is being built: Travis' word where it builds, git's elsewhere.
branch() {
    if [ -n "${TRAVIS:-}" ]; then echo "${TRAVIS_BRANCH:-}"; else git branch --show-current; fi
}

tag() {
    if [ -n "${TRAVIS:-}" ]; then echo "${TRAVIS_TAG:-}"; else git tag --points-at HEAD --list 'v*' | tail -n 1; fi
}

# Signs in to the registry of IMAGE_REPOSITORY, if there are credentials.
registry_login() {
    [ -n "${REGISTRY_PASSWORD:-}" ] || return 0
    host=${IMAGE_REPOSITORY%%/*}
    # As Docker reads names: the first part is a host only if it looks like one.
    case $host in *.* | *:* | localhost) ;; *) host=docker.io ;; esac
    printf '%s' "$REGISTRY_PASSWORD" | docker login --username "${REGISTRY_USER:?}" --password-stdin "$host"
}
