#!/usr/bin/env bash
# Lays out the folder of claude-container and builds the two executables into it. Run it as often as you like: it does
# what is missing, and never touches a config, a wrapper or a link that is already there.
set -euo pipefail
me=install.sh
root=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
bun=
# shellcheck source-path=SCRIPTDIR source=lib/bun.sh
. "$root/scripts/lib/bun.sh"
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
. "$root/scripts/lib/build.sh"
# shellcheck source-path=SCRIPTDIR source=lib/home.sh
. "$root/scripts/lib/home.sh"

case ${1:-} in
  "") ;;
  -h | --help)
    echo "Usage: scripts/install.sh"
    echo "Builds claude-container and lays out its folder: \$CLAUDE_CONTAINER_HOME, or ~/.claude-container."
    exit 0
    ;;
  *)
    echo "$me: Cannot read the argument \"$1\": it takes none but --help" >&2
    exit 2
    ;;
esac

# The folder of a default config is plugins/TOOL; the copy in the home belongs to the user from then on.
install_default() {
  local tool=$1 from=$root/plugins/$1/$1.yaml to=$home/config/$1.yaml known=$home/bin/defaults/$1.yaml
  if [[ ! -e $to && ! -L $to ]]; then
    cp -- "$from" "$to"
    chmod 0600 -- "$to"
    echo "$me: Wrote $to"
  elif [[ -f $known ]] && ! cmp -s -- "$from" "$known" && ! cmp -s -- "$from" "$to"; then
    echo "$me: Kept $to as it is; the default has changed since: compare it with $from"
  fi
  cmp -s -- "$from" "$known" || cp -- "$from" "$known"
}

# In cli/ the tool of its own name; in sockets/ a folder that only its plugin mounts, and the name that the seed used.
link_tool() {
  local tool=$1
  make_folder 0700 "$home/sockets/$tool"
  if [[ ! -e $home/cli/$tool && ! -L $home/cli/$tool ]]; then
    ln -s -- plugin-client "$home/cli/$tool"
    echo "$me: Linked $home/cli/$tool"
  fi
  if [[ ! -e $home/sockets/$tool.sock && ! -L $home/sockets/$tool.sock ]]; then
    ln -s -- "$tool/$tool.sock" "$home/sockets/$tool.sock"
  fi
}

make_folder() {
  if [[ ! -d $2 ]]; then
    mkdir -p -- "$2"
    chmod "$1" -- "$2"
  fi
}

umask 077
find_home
make_folder 0700 "$home"
make_folder 0755 "$home/cli"
for folder in bin bin/defaults sockets config secrets audit logs run; do
  make_folder 0700 "$home/$folder"
done

need_bun "$home/bin"
need_packages
built=$(build_executables "$home/cli/plugin-client" "$home/bin/plugin-server" "$home/bin/.sources")
if [[ -n $built ]]; then
  echo "$me: Built $built in $home"
fi

install_default git
# For editors: the first line of a default config names it. It is not the user's, and always the newest.
cmp -s -- "$root/plugins/schema.json" "$home/config/schema.json" ||
  cp -- "$root/plugins/schema.json" "$home/config/schema.json"
for config in "$home"/config/*.yaml; do
  tool=$(basename -- "$config" .yaml)
  if is_tool_name "$tool"; then
    link_tool "$tool"
  elif [[ -e $config ]]; then
    echo "$me: Passed over $config: a tool's name has 1 to 64 of a-z, 0-9, dot, dash and underscore" >&2
  fi
done
