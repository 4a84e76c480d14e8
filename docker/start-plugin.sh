#!/bin/sh
# Starts the daemon of a plugin: the CMD of every plugin's image. Of one with a broker it removes the default route
# first. Some engines (20.10 for one) set it on an internal network, too: then a call to the outside waits in vain, and
# goes to whoever has the gateway's address there.
set -eu

fail() {
  echo "start-plugin.sh: $1" >&2
  exit 1
}

# Prints the device of each default route. The kernel lists one of IPv6 by `lo`, which leads nowhere.
default_routes() {
  sed -n 's/^\([^[:blank:]]*\)[[:blank:]]0\{8\}[[:blank:]].*/\1/p' /proc/net/route
  [ ! -e /proc/net/ipv6_route ] || sed -n '/ lo$/!s/^0\{32\} 00 .* //p' /proc/net/ipv6_route
}

# has_net_admin [COMMAND ...]: whether root has NET_ADMIN, or would have it as COMMAND starts it.
has_net_admin() {
  bounding=$("$@" sed -n 's/^CapBnd:[[:blank:]]*//p' /proc/self/status) || exit
  [ $((0x$bounding & 0x1000)) -ne 0 ]
}

set --
if [ -n "${PLUGIN_BROKER:-}" ]; then
  found=$(default_routes)
  if [ -n "$found" ]; then
    said=$({ ip route flush default && ip -6 route flush default; } 2>&1 | paste -sd ' ' -)
    found=$(default_routes)
    [ -z "$found" ] || fail "Cannot remove the default route of $(echo "$found" | paste -sd ' ' -) ($said): a plugin \
with a broker must have none; give its container NET_ADMIN and SETPCAP, as behind-broker in docker/service.yaml does"
  fi
  # Neither the daemon nor a tool may set another. What is not in the bounding set, root does not get again by exec.
  if has_net_admin; then
    set -- setpriv --inh-caps=-all --bounding-set=-net_admin,-setpcap
    # Where it lacks SETPCAP itself, it drops nothing and says nothing.
    ! has_net_admin "$@" || fail "Cannot give up NET_ADMIN, which takes SETPCAP: give the container both, as \
behind-broker in docker/service.yaml does"
  fi
fi
exec "$@" plugin-server serve "/etc/plugins/$PLUGIN_TOOL.yaml" \
  --socket "/run/plugins/$PLUGIN_TOOL/$PLUGIN_TOOL.sock" --approvals "/run/approvals/$PLUGIN_TOOL.sock" --as-owner
