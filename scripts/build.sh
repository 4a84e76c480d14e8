#!/usr/bin/env bash
# Builds dist/plugin-client and dist/plugin-server, when the sources have changed.
set -euo pipefail
me=build.sh
root=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
bun=
# shellcheck source-path=SCRIPTDIR source=lib/bun.sh
. "$root/scripts/lib/bun.sh"
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
. "$root/scripts/lib/build.sh"

need_bun "$root/dist"
need_packages
mkdir -p -- "$root/dist"
built=$(build_executables "$root/dist/plugin-client" "$root/dist/plugin-server" "$root/dist/.sources")
if [[ -n $built ]]; then
  echo "$me: Built $built in dist/"
fi
