# Minitwit's image: one binary on a base without a shell or a package manager, as a user without rights.
#
# Built by scripts/image, or by hand:
#   docker build --build-arg MINITWIT_COMMIT=$(git rev-parse --short=12 HEAD) --tag minitwit .
# Tried out, on SQLite:
#   docker run --rm --read-only --volume minitwit:/data --publish 127.0.0.1:8080:8080 minitwit
#
# Both stages are Debian 12, for the binary uses the C library of the one and meets that of the other. The Rust is that
# of rust-toolchain.toml (scripts/check-config compares); that file stays out of the image, or rustup would go and
# fetch clippy and rustfmt.
# Labels are the last stage's.
# hadolint ignore=DL3049
FROM rust:1.95.0-bookworm AS build
WORKDIR /minitwit

# Dependencies make a layer of their own, which is built again only when the manifest or the lock changes. An empty
# program with the same manifest does it. The tools are no part of the image, but cargo wants to see that they exist.
COPY Cargo.toml Cargo.lock ./
COPY tools/Cargo.toml tools/
RUN mkdir -p src benches tools/src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs benches/pure.rs tools/src/lib.rs \
    && cargo build --locked --release \
    && rm -r src

COPY . .
# There is no .git here: build.rs takes the commit from this variable.
ARG MINITWIT_COMMIT=unknown
# Files from the context keep their times, and cargo would believe that the empty program is newer.
RUN touch build.rs src/main.rs src/lib.rs \
    && cargo build --locked --release --bin minitwit \
    && mkdir /writable

# libc, libgcc, certificates, a time zone, and the user 65532 "nonroot". Its tags move, so it is pinned by what it is.
FROM gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f

# A new volume takes its owner from the folder that it covers: without these two it would be root's, and we could not
# write. Nothing else is ever written to: the root file system may be read-only.
COPY --from=build --chown=65532:65532 /writable /data
COPY --from=build --chown=65532:65532 /writable /backups
COPY --from=build /minitwit/target/release/minitwit /minitwit

# Inside a container loopback is nobody's address. Publish 8080, and never 9101.
ENV MINITWIT__SERVER__HOST=0.0.0.0 \
    MINITWIT__OPS__HOST=0.0.0.0 \
    MINITWIT__BACKUP__DIRECTORY=/backups
EXPOSE 8080
# SQLite's file goes here, unless DATABASE_URL leads elsewhere.
WORKDIR /data
USER 65532:65532

# By /readyz: it fails while the database is away or migrations are pending, and during the drain.
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 CMD ["/minitwit", "healthcheck"]
# SIGTERM drains and ends it; it runs as process 1 without help, for it starts no children.
ENTRYPOINT ["/minitwit"]

ARG MINITWIT_VERSION=unknown
ARG MINITWIT_COMMIT=unknown
ARG MINITWIT_CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Minitwit" \
    org.opencontainers.image.description="A small social web app with a simulator API: one binary, SQLite or Postgres." \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.source="https://github.com/minitwit/minitwit" \
    org.opencontainers.image.version="${MINITWIT_VERSION}" \
    org.opencontainers.image.revision="${MINITWIT_COMMIT}" \
    org.opencontainers.image.created="${MINITWIT_CREATED}"
