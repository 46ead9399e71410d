# One image for every process of Gantry: the workers of any role, and the API. The workflow bundle is built here, so that a
# worker compiles nothing at its start. docs/deploy.md says how it is used.
FROM node:26.10.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY . .
RUN npm run bundle

FROM node:26.10.0-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app /app
# Reports, their evidence and the audit: a volume that is mounted here is writable for the user below.
RUN install -d -o node -g node /var/lib/gantry
USER node
ENTRYPOINT ["node", "--max-semi-space-size=2"]
CMD ["workers/main.ts"]
