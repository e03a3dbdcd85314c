# shellcheck shell=sh disable=SC2154,SC2034,SC2317  # variables that scripts/rehearse shares; calls by name
# The parts of scripts/rehearse, which sources this in a copy of the project.

# expect WHAT COMMAND…: it succeeds.
expect() {
    what=$1
    shift
    if "$@"; then echo "rehearse: ok: $what"; else fail "NOT SO: $what"; fi
}

fails() { ! "$@" > /dev/null 2>&1; }

# The whole Dockerfile, its own first stage included. What it built is what the parts deploy.
by_dockerfile() {
    step "the Dockerfile"
    "$root/scripts/standins" toolchain
    scripts/image get > "$work/image.log" 2>&1 || { tail -n 60 "$work/image.log" >&2; fail "the Dockerfile does not build"; }
    made=$(docker create "$(scripts/image name)")
    docker cp --quiet "$made:/minitwit" "$work/minitwit"
    docker rm "$made" > /dev/null
    IMAGE_BINARY=$work/minitwit
    scripts/smoke "$IMAGE_BINARY"
}

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
    start_registry 127.0.0.1:5000
    docker swarm init --advertise-addr 127.0.0.1 > /dev/null
    prepare_swarm
    step "first deploy"
    release first
    deploy_to_staging || fail "the first deploy did not succeed"
    only_on_app
    step "a rolling update under load"
    docker run --rm "$(scripts/image name)" scenario --actions 100000 --seed 1 | split --lines 250 --suffix-length 3 - "$work/actions."
    replicas > "$work/before"
    simulate_until_enough > "$work/load.log" 2>&1 &
    load=$!
    release second
    deploy_to_staging || fail "the second deploy did not succeed"
    touch "$work/enough"
    wait $load || { tail -n 20 "$work/load.log" >&2; fail "actions failed during the update"; }
    load=
    replicas > "$work/after"
    expect "every replica was replaced" [ "$(sort "$work/before" "$work/after" | uniq | wc -l)" = $((2 * $(wc -l < "$work/before"))) ]
    echo "rehearse: ok: none of $(($(grep -c ' actions in ' "$work/load.log") * 250)) actions failed meanwhile"
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

# The simulator without a pause, through the proxy, a few actions a turn, until somebody says that it is enough.
simulate_until_enough() {
    export MINITWIT__SIMULATOR__PASSWORD_FILE=secrets/simulator_password
    for actions in "$work"/actions.*; do
        [ ! -e "$work/enough" ] || return 0
        "$IMAGE_BINARY" simulate --timeout 5000 "$actions" http://localhost/api || return 1
    done
    echo "the actions were used up before the update was done"
    return 1
}

replicas() { docker ps --no-trunc --quiet --filter label=com.docker.swarm.service.name=minitwit_minitwit; }

# The site's port is on the network app alone, also where a Swarm has given the addresses.
only_on_app() {
    proxy=$(docker ps --quiet --filter label=com.docker.swarm.service.name=minitwit_proxy)
    replica=$(replicas | head -n 1)
    get() {
        address=$(docker inspect --format "{{with index .NetworkSettings.Networks \"minitwit_$1\"}}{{.IPAddress}}{{end}}" "$replica")
        docker exec "$proxy" wget -q -T 3 -O /dev/null "http://${address:?}:$2"
    }
    expect "8080 answers on the network app" get app 8080/robots.txt
    expect "9101 answers on observability" get observability 9101/livez
    expect "8080 does not answer there" fails get observability 8080/robots.txt
}

# start_registry ADDRESS:PORT
start_registry() {
    [ -x "$root/target/engine/registry/usr/bin/docker-registry" ] || "$root/scripts/debian" forky "$root/target/engine/registry" docker-registry
    printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "%s"}\n' "$work/registry" "$1" > "$work/registry.yml"
    "$root/target/engine/registry/usr/bin/docker-registry" serve "$work/registry.yml" > "$work/registry.log" 2>&1 &
    registry=$!
    IMAGE_REPOSITORY=$1/minitwit
    export IMAGE_REPOSITORY
}

# What a Swarm wants before its first deploy, all on the node that is its manager.
prepare_swarm() {
    node=$(docker info --format '{{.Swarm.NodeID}}')
    for label in edge data backup observability; do docker node update --label-add "minitwit.$label=true" "$node" > /dev/null; done
    MINITWIT_ORIGIN=https://localhost scripts/secrets swarm > /dev/null
    own_authority
    # Here nobody has to be given time to find out that a version is bad: what is shown does not depend on it.
    sed -i 's/monitor: [0-9]*s/monitor: 5s/' swarm-stack.yml
    STAGING_HOST=$DOCKER_HOST STAGING_URL=https://localhost DEPLOY_POLL=1
    export STAGING_HOST STAGING_URL DEPLOY_POLL
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
