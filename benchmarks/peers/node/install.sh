#!/bin/sh
# Installs what package-lock.json names. better-sqlite3 is native: its install script takes a prebuilt binary from
# GitHub or else compiles it, which needs a C++ compiler and the headers of this Node.js.
set -eu
cd "$(dirname "$0")"

# node-gyp would fetch the headers from nodejs.org. Most installations have them beside the program.
prefix=$(node -p "require('path').resolve(process.execPath, '../..')")
if [ -z "${npm_config_nodedir:-}" ] && [ -f "$prefix/include/node/node.h" ]; then
  export npm_config_nodedir="$prefix"
fi
npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000
npm rebuild better-sqlite3 --ignore-scripts=false --foreground-scripts
node -e "new (require('better-sqlite3'))(':memory:').close()"
