# shellcheck shell=sh disable=SC2154,SC2034,SC2317  # variables that scripts/rehearse shares; calls by name
# The parts of scripts/rehearse, which sources this in a copy of the project.

# expect WHAT COMMAND…: it succeeds.
expect() {
    what=$1
    shift
    if "$@"; then echo "rehearse: ok: $what"; else fail "NOT SO: $what"; fi
}

fails() { ! "$@" > /dev/null 2>&1; }

# refused WHY COMMAND…: it fails, and says why.
refused() {
    why=$1
    shift
    if "$@" > "$work/refused.log" 2>&1; then fail "NOT SO: it is refused, because $why"; fi
    grep -qF "$why" "$work/refused.log" || { tail -n 40 "$work/refused.log" >&2; fail "NOT SO: it says: $why"; }
    echo "rehearse: ok: refused: $why"
}

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
    [ -n "${STANDINS_PULL:-}" ] || refused "these images are stubs, and prove nothing" scripts/verify
    VERIFY_STUBS=1 VERIFY_HOOK="$root/scripts/enginelib/from-the-machine" scripts/verify
}

# --- A Swarm of one node ---

part_swarm() {
    start_registry 127.0.0.1:5000
    prepare_staging
    refused "is no manager of a Swarm" scripts/deploy staging
    docker swarm init --advertise-addr 127.0.0.1 > /dev/null
    label_nodes
    refused "the manager cannot pull" scripts/deploy staging
    git tag "v$(version)"
    refused "the stages docker_build and verify come first" scripts/release
    git tag --delete "v$(version)" > /dev/null
    step "first deploy"
    release first
    built_once
    refused "there was nothing before to go back to" scripts/deploy staging
    put_secrets
    deploy_to staging || fail "the first deploy did not succeed"
    only_on_app
    step "a release, and a rolling update to it under load"
    update_under_load
    step "releases that do not go well"
    what_goes_wrong
    step "a release of the wrong version, and the way back"
    wrong_version
}

# What the registry has is not built again: not even from a binary that is not there.
built_once() {
    docker image rm "$(scripts/image name)" > /dev/null
    expect "the image comes from the registry" env IMAGE_BINARY=/nowhere scripts/image get
    docker image inspect --format '{{json .Config.Labels}}' "$(scripts/image name)" > "$work/labels"
    expect "its labels say which commit it is" grep -qF "image.revision\":\"$(commit)\"" "$work/labels"
    expect "and the rest" fails grep -qE ':"(unknown|1970-.*)?"' "$work/labels"
}

# All that the stack mounts, and what is there stays what it is.
put_secrets() {
    scripts/secrets swarm > /dev/null
    expect "a second time changes nothing" [ "$(scripts/secrets swarm | grep -vc ' is there already, and stays what it is$')" = 0 ]
    refused "a version is a number" scripts/secrets swarm v3
}

# By the way of production, with one replica more than the stack file says, and another setting.
update_under_load() {
    docker service scale --detach=false minitwit_minitwit=3 > /dev/null
    "$MINITWIT_TOOLS" scenario --actions 100000 --seed 1 | split --lines 250 --suffix-length 3 - "$work/actions."
    replicas > "$work/before"
    simulate_until_enough > "$work/load.log" 2>&1 &
    load=$!
    release second
    git tag "v$(version)"
    scripts/release > "$work/release.log" 2>&1 || { cat "$work/release.log" >&2; fail "no release"; }
    deploy_to production || fail "the second deploy did not succeed"
    docker service ps --filter desired-state=running --format '{{.Image}} {{.CurrentState}}' minitwit_minitwit | cut -d ' ' -f 1,2 > "$work/running"
    expect "when it says so, the version runs and nothing else" fails grep -vxF "$IMAGE_REPOSITORY:$(version) Running" "$work/running"
    expect "as many as before" [ "$(wc -l < "$work/running")" = 3 ]
    expect "with the setting" grep -q 'MINITWIT__DATABASE__POOL_SIZE=7' "$(described)"
    touch "$work/enough"
    wait $load || { tail -n 20 "$work/load.log" >&2; fail "actions failed during the update"; }
    load=
    replicas > "$work/after"
    expect "every replica was replaced" [ "$(sort "$work/before" "$work/after" | uniq | wc -l)" = $((2 * $(wc -l < "$work/before"))) ]
    echo "rehearse: ok: none of $(($(grep -c ' actions in ' "$work/load.log") * 250)) actions failed meanwhile"
    # One whose layers the registry has.
    docker tag minitwit-standin/cc "$IMAGE_REPOSITORY:$(version)"
    docker push --quiet "$IMAGE_REPOSITORY:$(version)" > /dev/null
    refused "exists and is another image: take the next version" scripts/release
}

what_goes_wrong() {
    before=$(described)
    # From here on nobody is served, for whose sake replicas would be replaced slowly.
    sed -i 's/parallelism: 1, delay: 5s/parallelism: 1, delay: 1s/' swarm-stack.yml
    binary=$IMAGE_BINARY IMAGE_BINARY=/bin/false
    release "no program"
    IMAGE_BINARY=$binary
    # Its log does not end either.
    refused "the migration did not succeed: nothing was rolled out" broken "service logs" 600 env DEPLOY_TIMEOUT=10 DEPLOY_PATIENCE=1 scripts/deploy staging
    expect "it shows how the migration ended" grep -q 'minitwit_migrate.*Failed' "$work/refused.log"
    expect "every service is as before" diff "$before" "$(described)"
    echo nonsense >> deploy/caddy/upstreams.swarm.caddyfile
    release "a proxy that does not start"
    refused "secret not found: minitwit_" env STAGING_ENV=SECRETS_VERSION=7 scripts/deploy staging
    expect "every service is as before" diff "$before" "$(described)"
    refused "deploy: rolled back: staging serves" scripts/deploy staging
    expect "Swarm took the proxy back by itself, and we the app" grep -q 'minitwit_proxy rollback_' "$work/refused.log"
    expect "every service is as before" diff "$before" "$(described)"
    sed -i '$d' deploy/caddy/upstreams.swarm.caddyfile
}

wrong_version() {
    before=$(described)
    sed -i '0,/^version = /s/^version = .*/version = "9.9.9"/' Cargo.toml
    for file in prometheus/rules/recording.yml deploy/caddy/upstreams.swarm.caddyfile deploy/postgres/roles.sh; do echo '# another' >> "$file"; done
    release wrong
    # One of them Docker does not take back.
    refused "minitwit_prometheus is not as before" broken "service rollback --detach --quiet minitwit_prometheus" 0 scripts/deploy staging
    expect "a database stays as it is" grep -q 'minitwit_postgres stays as the new' "$work/refused.log"
    expect "it says that somebody is needed" grep -q 'THE ROLL-BACK DID NOT SUCCEED' "$work/refused.log"
    docker service rollback --detach=false minitwit_prometheus > /dev/null
    expect "every other service is as before" diff "$before" "$(described)"
}

# broken CALL SECONDS COMMAND…: with a docker that fails, after so long, what begins as CALL.
broken() {
    mkdir -p "$work/broken"
    printf '#!/bin/sh\ncase "$*" in "%s"*) sleep %s; echo refused >&2; exit 1 ;; esac\nexec "%s" "$@"\n' \
        "$1" "$2" "$(command -v docker)" > "$work/broken/docker"
    chmod +x "$work/broken/docker"
    shift 2
    env PATH="$work/broken:$PATH" "$@"
}

# The simulator without a pause, through the proxy, a few actions a turn, until somebody says that it is enough.
simulate_until_enough() {
    export MINITWIT__SIMULATOR__PASSWORD_FILE=secrets/simulator_password
    for actions in "$work"/actions.*; do
        [ ! -e "$work/enough" ] || return 0
        "$MINITWIT_TOOLS" simulate --timeout 5000 "$actions" http://localhost/api || return 1
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

# Where the deploys go, and what they find there.
prepare_staging() {
    export STAGING_HOST="$DOCKER_HOST" PRODUCTION_HOST="$DOCKER_HOST" STAGING_URL=https://localhost PRODUCTION_URL=https://localhost
    export PRODUCTION_ENV=MINITWIT_POOL_SIZE=7 MINITWIT_ORIGIN=https://localhost DEPLOY_POLL=1
    own_authority
    # Here nobody has to be given time to find out that a version is bad: what is shown does not depend on it.
    sed -i 's/monitor: [0-9]*s/monitor: 5s/' swarm-stack.yml
    # A release wants its section.
    sed -i "s/^## \[Unreleased\]$/&\n\n## [$(version)] - $(date +%F)\n\n### Added\n\n- All of it./" CHANGELOG.md
    commit_as "for a Swarm"
}

# All on the node that is its manager.
label_nodes() {
    node=$(docker info --format '{{.Swarm.NodeID}}')
    for label in edge data backup observability; do docker node update --label-add "minitwit.$label=true" "$node" > /dev/null; done
}

# image NAME: what the stacks call it.
image() { sed -n "s|^ *image: \($1:.*\)|\1|p" deploy/services.yml; }

# The authority that the proxy makes, before the proxy is there: scripts/smoke has to know it.
own_authority() {
    docker volume create minitwit_proxy_data > /dev/null
    maker=$(docker run --detach --volume minitwit_proxy_data:/data --env MINITWIT_ORIGIN=https://localhost \
        --volume "$PWD/deploy/caddy:/etc/caddy:ro" "$(image caddy)")
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

# deploy_to staging|production
deploy_to() {
    if scripts/deploy "$1" > "$work/deploy.log" 2>&1; then tail -n 1 "$work/deploy.log"; else tail -n 40 "$work/deploy.log"; return 1; fi
}

# A file that says what every service runs, how, and with which configurations; but for the job, and the database, which
# does not go back.
described() {
    file=$(mktemp "$work/described.XXXX")
    # shellcheck disable=SC2046  # ids
    docker service inspect $(docker service ls --quiet) --format '{{.Spec.Name}} {{.Spec.TaskTemplate.ContainerSpec.Image}}
        {{- range .Spec.TaskTemplate.ContainerSpec.Configs}} {{.ConfigName}}{{end}} {{.Spec.TaskTemplate.ContainerSpec.Env}}' \
        | grep -vE '^minitwit_(migrate|postgres) ' | sort > "$file"
    echo "$file"
}
