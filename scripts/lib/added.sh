# shellcheck shell=bash
# What add-tool.sh makes, and the manifest by which it is undone. Sourced; expects `fail`, lib/home.sh, lib/mode.sh and:
: "${root:?}" "${me:?}"
home=${home:-} tool=${tool:-} package=${package:-} image=${image:-} mode=${mode:-} bun=${bun:-}
# The manifest has a line for each thing that was made: its kind, and of a file the checksum.

manifest() {
  echo "$home/run/added/$tool"
}

begin_manifest() {
  mkdir -p -- "$home/run/added"
  : >"$(manifest)"
}

made() {
  echo "$1" >>"$(manifest)"
}

sum_of() {
  cksum <"$1" | tr ' ' -
}

# is_shipped: the tool has a plugin of its own, and a service in compose.yaml.
is_shipped() {
  [[ $tool != tool && -f $root/plugins/$tool/$tool.yaml ]]
}

path_without_cli() {
  local folder path=""
  while IFS= read -r -d : folder; do
    [[ $folder == "$home/cli" ]] || path+=${path:+:}$folder
  done <<<"$PATH:"
  echo "$path"
}

write_config() {
  if is_shipped; then
    cat -- "$root/plugins/$tool/$tool.yaml"
    return 0
  fi
  cat <<YAML
# yaml-language-server: \$schema=schema.json
# Rules for $tool. An edit holds from the next call on; scripts/run.sh status says so when it cannot be read.
# plugins/tool/tool.yaml explains every key.
plugin: $tool

# The program; without this key it is found by the plugin's name on the plugin's PATH.
# exec: /usr/bin/$tool

# rules:
#   blocked_commands: []    # all but these, or:
#   allowed_commands: []    # only these

limits:
  timeout: 10m # none is the default
YAML
}

# write_service: what all plugins have in common is in docker/service.yaml.
write_service() {
  local args="TOOL: \"$tool\", PACKAGES: \"${package:-$tool}\"" device=""
  [[ -z $image ]] || args="TOOL: \"$tool\", PACKAGES: \"\", BASE: \"$image\""
  cat <<YAML
# The plugin of $tool, made by scripts/add-tool.sh. It is yours to edit; scripts/run.sh start $tool takes it up.
services:
  $tool-plugin:
    extends: { file: "$root/docker/service.yaml", service: plugin }
    image: claude-container/plugin-tool-$tool:\${CLAUDE_CONTAINER_VERSION:-0.1.0}
    build: { target: plugin-tool, args: { $args } }
    networks: ["$tool"]
    volumes:
YAML
  if [[ $(env_value CLAUDE_SOCKETS) == volume ]]; then
    device="volumes: { \"sockets-$tool\": { driver_opts: { type: none, o: bind, device: \"\${CLAUDE_SOCKETS_DEVICE}/$tool\" } } }"
    echo "      - { type: volume, source: \"sockets-$tool\", target: \"/run/plugins/$tool\" }"
  else
    echo "      - type: bind"
    echo "        source: \${CLAUDE_CONTAINER_HOME}/sockets/$tool"
    echo "        target: /run/plugins/$tool"
    echo "        bind: { create_host_path: false }"
  fi
  printf 'networks: { "%s": }\n%s\n' "$tool" "$device"
}

# remove_tool: exactly what the manifest names. The socket goes first, so that no call waits for what does not come back.
remove_tool() {
  local kind sum
  [[ -f $(manifest) ]] ||
    fail 1 "Cannot remove $tool: $me has not added it; what you made yourself is in $home/config, cli and compose.d"
  [[ -z $(kept_mode) ]] || "$root/scripts/run.sh" "--$mode" stop "$tool"
  [[ $mode != compose ]] || remove_container
  while read -r kind sum; do
    case $kind in
      config) remove_file "$home/config/$tool.yaml" "$sum" ;;
      service) remove_file "$home/compose.d/$tool.yaml" "$sum" ;;
      wrapper)
        if [[ $(readlink -- "$home/cli/$tool") == plugin-client ]]; then
          rm -f -- "$home/cli/$tool"
        fi
        ;;
      sockets)
        rm -f -- "$home/sockets/$tool.sock"
        rmdir -- "$home/sockets/$tool" 2>/dev/null || true
        ;;
    esac
  done <"$(manifest)"
  rm -f -- "$(manifest)"
  if [[ $mode == compose ]]; then
    (cd -- "$root" && "$bun" --no-env-file scripts/compose/main.ts refresh --home "$home" </dev/null)
  fi
  echo "$me: Removed $tool"
}

# remove_container: with its network, and its image when that was made for it. Volumes stay: what is cached is not ours.
remove_container() {
  local project container
  find_bun "$home/bin" || fail 1 "Cannot find the Bun that install.sh brought"
  project=$(env_value COMPOSE_PROJECT_NAME)
  container=$(docker ps -aq --filter "label=com.docker.compose.project=$project" \
    --filter "label=com.docker.compose.service=$tool-plugin" </dev/null)
  if [[ -n $container ]]; then
    docker rm -f "$container" >/dev/null </dev/null
  fi
  docker network rm "${project}_$tool" >/dev/null 2>&1 </dev/null || true
  if grep -q '^service ' "$(manifest)"; then
    # Another home may use it: then it stays.
    docker image rm "claude-container/plugin-tool-$tool:${CLAUDE_CONTAINER_VERSION:-0.1.0}" >/dev/null 2>&1 </dev/null || true
  fi
}

# remove_file PATH SUM: a file that was edited since is the user's by now.
remove_file() {
  local kept=$1.removed
  if [[ ! -e $1 ]]; then
    return 0
  elif [[ $(sum_of "$1") == "$2" ]]; then
    rm -f -- "$1"
    return 0
  fi
  while [[ -e $kept ]]; do
    kept+=.removed
  done
  mv -- "$1" "$kept"
  echo "$me: Kept $kept: it was edited"
}
