# Lineup as an image: built from this checkout by the locks, nothing is downloaded when it starts. It runs as a user
# without rights (65532), on a root that may be read-only; all that it writes is in /data, temporary files in /tmp.
#
#   docker build -t lineup .        docs/howto/containers.md says the rest
#
# Another base with Debian's Python 3.11 or newer: --build-arg BASE=debian:bookworm-slim@sha256:…

ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
# The distribution's own updates are wanted, so its packages have no fixed versions.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY requirements requirements
RUN python3 -m venv tools-venv \
    && tools-venv/bin/pip install --no-cache-dir --require-hashes \
        --requirement requirements/build.lock --requirement requirements/browser.lock \
    && python3 -m venv --without-pip /usr/local/lib/lineup \
    && tools-venv/bin/pip --python /usr/local/lib/lineup/bin/python install --no-cache-dir --require-hashes --only-binary :all: \
        --requirement requirements/server.lock
COPY . .
RUN tools-venv/bin/python -m hatchling build --target wheel --directory dist \
    && tools-venv/bin/pip --python /usr/local/lib/lineup/bin/python install --no-cache-dir --no-deps --no-index dist/*.whl \
    && /usr/local/lib/lineup/bin/python -m compileall -q -j 0 /usr/local/lib/lineup \
    && mkdir --mode=0700 /data

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/lib/lineup /usr/local/lib/lineup
COPY --from=build --chown=65532:65532 /data /data
ENV PATH=/usr/local/lib/lineup/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    LINEUP_HOST=0.0.0.0 \
    LINEUP_PORT=8484 \
    LINEUP_DATA_DIR=/data \
    LINEUP_LOG_FORMAT=json
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8484
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"LINEUP_PORT\"]}/livez', timeout=2)"]
ENTRYPOINT ["lineup"]
CMD ["serve"]
