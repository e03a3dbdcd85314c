# shellcheck shell=sh disable=SC2154,SC2034  # variables that scripts/rehearse shares
# The parts of scripts/rehearse, which sources this in a copy of the project.

# expect WHAT COMMAND…: it succeeds.
expect() {
    what=$1
    shift
    if "$@"; then echo "rehearse: ok: $what"; else fail "NOT SO: $what"; fi
}

fails() { ! "$@" > /dev/null 2>&1; }

# --- Compose ---

part_compose() {
    scripts/image get > "$work/image.log" 2>&1 || { cat "$work/image.log" >&2; fail "the image does not build"; }
    builds_once
    VERIFY_STUBS=1 VERIFY_HOOK="$root/scripts/enginelib/from-the-machine" scripts/verify
}

# Each service of one tag used to build it, and they got into each other's way.
builds_once() {
    docker compose config --format json > "$work/config.json"
    expect "one service of docker-compose.yml builds" \
        [ "$(python3 -c 'import json, sys; print(sum("build" in s for s in json.load(sys.stdin)["services"].values()))' < "$work/config.json")" = 1 ]
}

# --- A Swarm of one node ---

part_swarm() {
    start_registry
    start_swarm
    STAGING_HOST=$DOCKER_HOST STAGING_URL=https://localhost
    export STAGING_HOST STAGING_URL
    step "first deploy"
    release first
    deploy_to_staging || fail "the first deploy did not succeed"
    step "a rolling update under load"
    docker run --rm "$(scripts/image name)" scenario --actions 5000 --seed 1 > "$work/scenario.csv"
    MINITWIT__SIMULATOR__PASSWORD_FILE=secrets/simulator_password timeout --signal INT 600 "$IMAGE_BINARY" simulate \
        --timeout 5000 "$work/scenario.csv" http://localhost/api > "$work/load.log" 2>&1 &
    load=$!
    release second
    deploy_to_staging || fail "the second deploy did not succeed"
    wait $load || { tail -n 20 "$work/load.log" >&2; fail "actions failed during the update"; }
    grep -E ' actions in ' "$work/load.log"
    step "a release of the wrong version, and the way back"
    described > "$work/before"
    sed -i '0,/^version = /s/^version = .*/version = "9.9.9"/' Cargo.toml
    echo '# another' >> prometheus/rules/recording.yml
    echo '# another' >> caddy/upstreams.swarm.caddyfile
    release wrong
    expect "a release that says another version is not deployed" fails deploy_to_staging
    grep '^deploy: ' "$work/deploy.log" | tail -n 4
    expect "it says that it rolled back" grep -q '^deploy: rolled back: staging serves' "$work/deploy.log"
    described > "$work/after"
    expect "every service is as before" diff "$work/before" "$work/after"
}

start_registry() {
    [ -x "$root/target/engine/registry/usr/bin/docker-registry" ] || "$root/scripts/debian" forky "$root/target/engine/registry" docker-registry
    printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: 127.0.0.1:5000}\n' "$work/registry" > "$work/registry.yml"
    "$root/target/engine/registry/usr/bin/docker-registry" serve "$work/registry.yml" > "$work/registry.log" 2>&1 &
    registry=$!
    IMAGE_REPOSITORY=127.0.0.1:5000/minitwit
    export IMAGE_REPOSITORY
}

start_swarm() {
    docker swarm init --advertise-addr 127.0.0.1 > /dev/null
    node=$(docker node ls --quiet)
    for label in edge data backup observability; do docker node update --label-add "minitwit.$label=true" "$node" > /dev/null; done
    MINITWIT_ORIGIN=https://localhost scripts/secrets swarm > /dev/null
    own_authority
}

# The authority that the proxy makes, before the proxy is there: scripts/smoke has to know it.
own_authority() {
    proxy=$(sed -n 's|^ *image: \(caddy:.*\)|\1|p' swarm-stack.yml | head -n 1)
    docker volume create minitwit_proxy_data > /dev/null
    maker=$(docker run --detach --volume minitwit_proxy_data:/data --env MINITWIT_ORIGIN=https://localhost --volume "$PWD/caddy:/etc/caddy:ro" "$proxy")
    tries=0
    until docker cp "$maker:/data/caddy/pki/authorities/local/root.crt" "$work/root.crt" > /dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 120 ] || fail "the proxy makes no authority: $(docker logs --tail 5 "$maker" 2>&1)"
        sleep 0.5
    done
    docker rm --force "$maker" > /dev/null
    CURL_CA_BUNDLE=$work/root.crt
    export CURL_CA_BUNDLE
}

release() {
    commit_as "$1"
    { scripts/image get && scripts/image push; } > "$work/image.log" 2>&1 || { cat "$work/image.log" >&2; fail "no image"; }
}

deploy_to_staging() {
    if scripts/deploy staging > "$work/deploy.log" 2>&1; then tail -n 1 "$work/deploy.log"; else tail -n 40 "$work/deploy.log"; return 1; fi
}

# What every service runs, and with which configurations.
described() {
    # shellcheck disable=SC2046  # ids
    docker service inspect $(docker service ls --quiet) --format \
        '{{.Spec.Name}} {{.Spec.TaskTemplate.ContainerSpec.Image}}{{range .Spec.TaskTemplate.ContainerSpec.Configs}} {{.ConfigName}}{{end}}' \
        | grep -v _migrate | sort
}
