# The demo: gateway, chat and files in one image; docker-compose.yml runs a container of each.
ARG NODE_VERSION=22

FROM node:${NODE_VERSION}-slim AS deps
WORKDIR /app
COPY package.json package-lock.json ./
COPY libs/heartwire/package.json libs/heartwire/
RUN npm ci --no-audit --no-fund

FROM deps AS build
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY libs/heartwire libs/heartwire
COPY src src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund && rm -r libs/heartwire/src

FROM node:${NODE_VERSION}-slim AS runtime
ENV NODE_ENV=production
WORKDIR /app
# node_modules/heartwire is a link to libs/heartwire, so both come along; that one has a node_modules of its own.
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/libs libs
COPY --from=build /app/dist dist
# A volume takes its owner from here. Nothing else may be written to.
RUN mkdir /data && chown node:node /data
ENV CHAT_FOLDER=/data/chat FILES_FOLDER=/data/files HOST=0.0.0.0
USER node
EXPOSE 3000 4000 4001 4002
STOPSIGNAL SIGTERM
CMD ["node", "--enable-source-maps", "dist/main.js"]
