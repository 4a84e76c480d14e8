# shellcheck shell=bash
# Finds the Bun that the scripts run with, or brings it. Sourced; expects the checkout and the script's name in:
: "${root:?}" "${me:?}"
# Bun reads `.env` and `bunfig.toml` from the folder it is started in, and a bunfig can preload code: whoever calls
# `$bun` does so from the checkout, never from the folder of the caller, which belongs to the agent.

# The one place that names the version is `packageManager` in package.json.
bun_pinned() {
  sed -n 's/^ *"packageManager": *"bun@\([0-9][0-9.]*\)".*/\1/p' "$root/package.json"
}

# bun_is_new_enough PROGRAM: it runs, and is the pinned version or a later one.
bun_is_new_enough() {
  local found wanted index
  local -a have want
  found=$(cd -- "$root" && "$1" --version 2>/dev/null </dev/null) || return 1
  wanted=$(bun_pinned)
  IFS=.- read -r -a have <<<"$found"
  IFS=.- read -r -a want <<<"$wanted"
  for index in 0 1 2; do
    [[ ${have[index]:-} =~ ^[0-9]+$ ]] || return 1
    ((10#${have[index]} > 10#${want[index]:-0})) && return 0
    ((10#${have[index]} < 10#${want[index]:-0})) && return 1
  done
  return 0
}

# find_bun FOLDER: sets `bun` to one in PATH, or to the one that an earlier run put into FOLDER.
find_bun() {
  local candidate
  for candidate in "$(type -P bun || true)" "$1/bun-$(bun_pinned)"/node_modules/.bin/bun \
    "$1/bun-$(bun_pinned)"/node_modules/@oven/bun-*/bin/bun; do
    if [[ -x $candidate ]] && bun_is_new_enough "$candidate"; then
      bun=$candidate
      return 0
    fi
  done
  return 1
}

# need_bun FOLDER: like find_bun, and installs the pinned version into FOLDER when there is none.
need_bun() {
  local version
  find_bun "$1" && return 0
  version=$(bun_pinned)
  if ! type -P npm >/dev/null; then
    echo "$me: Cannot find Bun $version or npm: install one of them (npm comes with Node.js), then run this again" >&2
    return 1
  fi
  echo "$me: Installing Bun $version into $1"
  mkdir -p -- "$1"
  # The last alternative of find_bun is for an npm that runs no install scripts: the package's own launcher is then
  # only a placeholder, but the executable lies beside it.
  if ! (cd -- "$1" && npm install --prefix "$1/bun-$version" --no-save --no-audit --no-fund --no-update-notifier --loglevel=error \
    "bun@$version" </dev/null >&2) || ! find_bun "$1"; then
    echo "$me: Cannot install Bun $version with npm: see above; or install it yourself and put it in PATH" >&2
    return 1
  fi
}

# need_packages: what bun.lock names is in node_modules. A stamp, not the folder's time: that changes with its content.
need_packages() {
  local stamp=$root/node_modules/.installed
  [[ $stamp -nt $root/bun.lock && $stamp -nt $root/package.json ]] && return 0
  (cd -- "$root" && "$bun" install --frozen-lockfile --silent </dev/null >&2) || {
    echo "$me: Cannot install the packages that bun.lock names: see above" >&2
    return 1
  }
  : >"$stamp"
}
