# The explorer is built with Node, the server runs without it.
FROM node:22-slim AS explorer
WORKDIR /build/explorer
COPY explorer/ ./
RUN npm ci --no-audit --no-fund && npm run build

FROM python:3.13-slim AS server
WORKDIR /app
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock ./
RUN pip install --only-binary :all: --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY schema schema
COPY resolvers resolvers
COPY --from=explorer /build/app/static/explorer app/static/explorer
RUN pip install --no-deps --no-build-isolation . && useradd --system --create-home leadwire
USER leadwire
# Answers to other containers; what reaches it from outside is the business of whoever publishes the port.
ENV LEADWIRE_HOST=0.0.0.0
EXPOSE 8000
ENTRYPOINT ["leadwire"]
CMD ["serve"]
