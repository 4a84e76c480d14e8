# shellcheck shell=bash
# Compiles the two executables. Sourced; expects what these name:
: "${root:?}" "${me:?}"
# Each step says itself what happens when it fails: `set -e` is off inside a function that is called in a condition.

# The sources as one line: a checksum, not times, for two checkouts may share a folder, and a deleted file counts too.
sources_sum() {
  (
    cd -- "$root" || exit 1
    { "${bun:?}" --version && find src client plugins package.json bun.lock -type f \( -name '*.ts' -o -name '*.json' \
      -o -name 'bun.lock' \) -print0 | LC_ALL=C sort -z | xargs -0 cksum; } | cksum
  )
}

# build_executables CLIENT SERVER STAMP: does nothing when STAMP says that both are of these sources.
# It prints the names of what it built.
build_executables() {
  local sum
  sum=$(sources_sum)
  if [[ -x $1 && -x $2 && -f $3 && $(<"$3") == "$sum" ]]; then
    return 0
  fi
  compile client/main.ts "$1" client/whole.ts || return 1
  compile plugins/main.ts "$2" || return 1
  printf '%s\n' "$sum" >"$3"
  echo "${1##*/} ${2##*/}"
}

# compile ENTRY EXECUTABLE [MORE]: a running executable cannot be written to (ETXTBSY), but another can take its name.
# It is written anew in pieces of 512 KiB: the kernel keeps each in one piece in memory, and maps it into a process that
# starts with one page fault where it takes several for what Bun wrote. A start is up to a fifth shorter for it.
# The body is a subshell, so that what an interruption leaves half done is removed too.
compile() (
  folder=$(mktemp -d "${2%/*}/.build.XXXXXX") || exit 1
  trap 'rm -rf -- "$folder"' EXIT
  cd -- "$folder" || exit 1
  if ! bundle "$1" ./built "${@:3}" >log 2>&1; then
    cat log >&2
    echo "$me: Cannot build $1: see above" >&2
    exit 1
  fi
  dd if=built of=laid bs=524288 2>/dev/null && chmod 0755 laid && mv -f -- laid "$2"
)

# bundle ENTRY EXECUTABLE [MORE]: as Bun writes it. MORE is an entry beside the first, for which the program asks itself.
# Without the two last options the executable would read `.env` and `bunfig.toml` of the folder it is started in.
bundle() {
  "$bun" build --compile --minify --bytecode --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
    "$root/$1" ${3:+"$root/$3"} --outfile "$2" </dev/null
}
