# The image of an orch worker. It runs the steps of plans, so it holds what steps commonly call: git, bash, curl and
# ssh besides Node. Derive your own image from it for more.

FROM node:20.20-bookworm-slim AS build
WORKDIR /app
# In a checkout the lock file is there; in the installed package it is not, and what was built is.
COPY package.json package-lock.jso[n] ./
# The one script that matters is `prepare`, and it needs the sources.
RUN if [ -e package-lock.json ]; then npm ci --ignore-scripts; else npm install --omit=dev --ignore-scripts; fi
COPY . .
RUN if [ -d src ]; then npm run build && npm prune --omit=dev --ignore-scripts; fi

FROM node:20.20-bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends bash ca-certificates curl git openssh-client tini \
  && rm -rf /var/lib/apt/lists/*

COPY --from=build /app/package.json /app/
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/bin /app/bin
COPY --from=build /app/schemas /app/schemas
COPY --from=build /app/dist /app/dist
RUN ln -s /app/bin/orch.js /usr/local/bin/orch \
  && chmod 755 /app/bin/orch.js \
  && install --directory --owner=node --group=node --mode=700 /var/lib/orch \
  && install --directory --owner=node --group=node /workspace

ENV NODE_ENV=production \
  ORCH_STATE_DIR=/var/lib/orch
VOLUME ["/var/lib/orch", "/workspace"]
WORKDIR /workspace
USER node

# Whether this worker can reach the Temporal service and write its state.
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s --retries=3 CMD ["orch", "doctor"]

# tini reaps what steps leave behind, and passes TERM on: the worker then stops in order.
ENTRYPOINT ["tini", "--"]
CMD ["orch", "worker"]
