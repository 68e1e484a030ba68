#!/bin/sh
# Builds the explorer into app/static/explorer. Usage: explorer/with-node.sh PYTHON explorer/build.sh
set -eu
cd "$(dirname "$0")"
made=../.make

echo "Node.js $(node --version)"
# Whatever NODE_ENV says: vite is a development dependency.
npm ci --include=dev --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000
# Built aside and moved: a server that runs meanwhile never sees half a build.
node node_modules/vite/bin/vite.js build --logLevel warn --outDir "$made/explorer-build" --emptyOutDir
mkdir -p ../app/static
rm -rf ../app/static/explorer
mv "$made/explorer-build" ../app/static/explorer
