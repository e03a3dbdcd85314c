# shellcheck shell=sh disable=SC2154,SC2034  # variables that scripts/rehearse shares
# A part of scripts/rehearse: a Swarm of three managers, each an engine in a container of this machine's engine. One dies.

part_nodes() {
    "$root/scripts/standins" node
    start_nodes
    label_nodes
    encryption
    prepare_staging
    put_secrets
    MINITWIT_REPLICAS=3
    export MINITWIT_REPLICAS
    step "first deploy to three nodes"
    release first
    deploy_to staging || fail "the first deploy did not succeed"
    on_nodes
    step "a node dies"
    watch > "$work/watch" &
    load=$!
    on_machine kill node-3 > /dev/null
    within 120 "three replicas run on the other two nodes" three_replicas_elsewhere
    within 120 "the site is healthy" scripts/smoke https://localhost
    touch "$work/enough"
    wait $load
    load=
    echo "rehearse: pages meanwhile, by status: $(sort "$work/watch" | uniq -c | paste -s -d ,)"
    # Requests that were under way on the dead node are lost; that is all.
    expect "hardly one of them was missing" [ "$(grep -cv '^200$' "$work/watch")" -le 5 ]
    step "it is removed, as docs/OPERATIONS.md says, and there is a deploy"
    expect "node demote" docker node demote "$dead"
    expect "node rm --force" docker node rm --force "$dead"
    release second
    deploy_to staging || fail "the deploy after a node's death did not succeed"
    on_nodes
}

# The machine's own engine, where the nodes are containers.
on_machine() { DOCKER_HOST=$machine docker "$@"; }

start_nodes() {
    machine=$DOCKER_HOST
    # On a node Docker's folder is where it usually is.
    unset DOCKER_DATA_ROOT
    on_machine network create nodes > /dev/null
    gateway=$(on_machine network inspect --format '{{(index .IPAM.Config 0).Gateway}}' nodes)
    start_registry "$gateway:5000"
    # Images that all three need; ours comes from the registry.
    # shellcheck disable=SC2046  # names
    on_machine save --output "$work/images.tar" minitwit-standin/cc $(sed -n 's/^ *image: \([a-z][^ ]*\)$/\1/p' deploy/services.yml | sort -u)
    for n in 1 2 3; do
        published=
        [ $n != 1 ] || published="--publish 127.0.0.1:80:80 --publish 127.0.0.1:443:443"
        # shellcheck disable=SC2086  # words
        on_machine run --detach --privileged --name node-$n --hostname node-$n --network nodes --volume "$work:$work" $published \
            minitwit-standin/node --host "unix://$work/node-$n.sock" --insecure-registry "$gateway:5000" > /dev/null
    done
    for n in 1 2 3; do
        within 60 "the engine of node $n is up" docker --host "unix://$work/node-$n.sock" version
        docker --host "unix://$work/node-$n.sock" load --quiet --input "$work/images.tar" > /dev/null
    done
    rm "$work/images.tar"
    DOCKER_HOST=unix://$work/node-1.sock
    docker swarm init --advertise-addr eth0 > /dev/null
    token=$(docker swarm join-token --quiet manager)
    leader=$(docker info --format '{{.Swarm.NodeAddr}}')
    for n in 2 3; do docker --host "unix://$work/node-$n.sock" swarm join --advertise-addr eth0 --token "$token" "$leader:2377" > /dev/null; done
    dead=$(docker node ls --filter name=node-3 --quiet)
    step "three nodes"
}

# Where the kernel cannot encrypt what passes between nodes, it passes as it is.
encryption() {
    if ! on_machine exec node-1 ip xfrm state add src 127.0.0.1 dst 127.0.0.2 proto esp spi 0x1 mode transport \
        aead 'rfc4106(gcm(aes))' 0x0102030405060708090a0b0c0d0e0f1011121314 64 2> /dev/null; then
        echo "rehearse: NOT TESTED: encrypted networks between nodes; this kernel has no ESP" >&2
        sed -i '/driver_opts: {encrypted: "true"}/d' swarm-stack.yml
    fi
}

# within SECONDS WHAT COMMAND…: it succeeds some time.
within() {
    deadline=$(($(date +%s) + $1)) since=$(date +%s) what=$2
    shift 2
    until "$@" > "$work/within.log" 2>&1; do
        [ "$(date +%s)" -lt $deadline ] || { cat "$work/within.log" >&2; fail "NOT SO, in time: $what"; }
        sleep 1
    done
    echo "rehearse: ok: $what, after $(($(date +%s) - since)) s"
}

running() { docker service ps --filter desired-state=running --format '{{.Node}} {{.CurrentState}}' minitwit_minitwit | grep ' Running '; }

three_replicas_elsewhere() { [ "$(running | grep -vc '^node-3 ')" = 3 ]; }

on_nodes() { echo "rehearse: replicas run on: $(running | cut -d ' ' -f 1 | sort | paste -s -d ' ')"; }

# The status of one page after another.
watch() {
    while [ ! -e "$work/enough" ]; do
        curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}\n' https://localhost/public || true
        sleep 0.2
    done
}
