# syntax=docker/dockerfile:1
# Outrider and its demo shop with a Chromium, for one machine:
#
#   docker build --build-arg VERSION=v1.2.3 -t outrider .
#
# The two programs are static; Debian is there for the browser.

ARG GO_VERSION=1.26.8
ARG DEBIAN_RELEASE=bookworm

# The compiler runs on the building machine and writes for the target.
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-${DEBIAN_RELEASE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod \
    go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.release=${VERSION}" -o /out/ ./cmd/outrider ./cmd/demoshop

FROM debian:${DEBIAN_RELEASE}-slim
# Fonts: Latin, Greek and Cyrillic. For screenshots of pages in other scripts
# build on this image and add, say, fonts-noto-cjk.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates \
        chromium-headless-shell \
        fonts-liberation \
        tini \
        tzdata \
    && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log

# A fixed id, so that files on mounted volumes keep their owner.
RUN groupadd --system --gid 10001 outrider \
    && useradd --system --uid 10001 --gid outrider --home-dir /var/lib/outrider --shell /usr/sbin/nologin outrider \
    && install -d -o outrider -g outrider -m 0750 /var/lib/outrider \
    && install -d -m 0755 /etc/outrider/checks
COPY --from=build /out/outrider /out/demoshop /usr/local/bin/

ARG VERSION=
LABEL org.opencontainers.image.title="Outrider" \
      org.opencontainers.image.description="A synthetic user-experience monitor" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"

# Listening beyond loopback needs OUTRIDER_TOKEN, or OUTRIDER_BASIC_USER and
# OUTRIDER_BASIC_PASSWORD: without one of them "serve" refuses to start.
ENV HOME=/var/lib/outrider \
    OUTRIDER_LISTEN=0.0.0.0:8080 \
    OUTRIDER_DATA=/var/lib/outrider \
    OUTRIDER_SECRETS_DIR=/run/secrets \
    OUTRIDER_LOG_FORMAT=json

USER outrider
WORKDIR /var/lib/outrider
VOLUME /var/lib/outrider
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=6s --start-period=20s --retries=3 CMD ["outrider", "healthcheck"]
# tini reaps what a browser leaves behind.
ENTRYPOINT ["tini", "--"]
CMD ["outrider", "serve", "--checks", "/etc/outrider/checks"]
