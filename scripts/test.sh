#!/usr/bin/env bash
# Brings what the checks and the tests need, and runs all of them: format, lint, types, then every test.
# Its last line is "N passed, N failed, N skipped"; its exit status is 0 only if nothing at all failed.
set -euo pipefail
me=test.sh
root=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
bun=
# shellcheck source-path=SCRIPTDIR source=lib/bun.sh
. "$root/scripts/lib/bun.sh"

cd -- "$root"
if [[ -z ${HOME:-} ]]; then
  # Package managers keep their cache there.
  export HOME=$root/dist/home
  mkdir -p -- "$HOME"
fi
need_bun "$root/dist"
PATH=$root/node_modules/.bin:$(cd -- "$(dirname -- "$bun")" && pwd):$PATH
export PATH
need_packages
"$root/scripts/build.sh"

broken=()
step() {
  echo "== $1"
  bun run --silent "$1" </dev/null || broken+=("$1")
}
step format
step lint
step types

echo "== tests"
if ! type -P tmux >/dev/null; then
  echo "$me: tmux is not here: the tests that need a terminal are skipped"
fi
report=$root/dist/junit.xml
rm -f -- "$report"
status=0
# Some of the properties take a second, on a machine that has more to do a multiple of it.
bun test --timeout 30000 --reporter=junit --reporter-outfile="$report" "$@" </dev/null || status=$?

# One attribute of the report's root element, which sums up all files; nothing when there is no report.
total() {
  if [[ -f $report ]]; then
    sed -n "s/.*<testsuites [^>]* $1=\"\\([0-9]*\\)\".*/\\1/p;/<testsuites /q" "$report"
  fi
}
tests=$(total tests) failed=$(total failures) skipped=$(total skipped)
tests=${tests:-0} failed=${failed:-0} skipped=${skipped:-0}
passed=$((tests - failed - skipped))
# A run that breaks outside of a test (a file that does not load, a crash) fails no test of its own.
if ((status != 0 && failed == 0)); then
  echo "$me: bun test exited with $status outside of any test"
  failed=1
fi
if ((tests == 0)); then
  echo "$me: No test ran"
  status=1
fi
if ((${#broken[@]})); then
  echo "$me: Failed checks: ${broken[*]}"
  status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
