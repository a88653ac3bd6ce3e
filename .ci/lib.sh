# Shared by the scripts of this folder: where we are, steps with their time.
# shellcheck shell=bash
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export HOME=${HOME:-/root}
export PATH="$PATH:$(go env GOPATH)/bin"

# The tools are pinned: a new finding comes with a commit, not overnight.
STATICCHECK=honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOSEC=github.com/securego/gosec/v2/cmd/gosec@v2.22.11
GOVULNCHECK=golang.org/x/vuln/cmd/govulncheck@v1.1.4

# gosec's rules left out; why stands in .ci/checks.
GOSEC_WITHOUT=G104,G115,G304,G602

STEPS=()

# step NAME COMMAND…: runs it, prints how long it took, stops the run when it fails.
step() {
  local name=$1 begin=$SECONDS status=0
  shift
  printf '\n== %s\n' "$name"
  "$@" || status=$?
  local took=$((SECONDS - begin))
  STEPS+=("$(printf '%5d s  %s' "$took" "$name")")
  if ((status)); then
    printf '== %s FAILED after %d s (exit %d)\n' "$name" "$took" "$status" >&2
    exit "$status"
  fi
  printf '== %s: %d s\n' "$name" "$took"
}

# tool NAME PACKAGE@VERSION: installs a Go tool unless exactly this version is there.
tool() {
  local name=$1 want=${2##*@} have
  have=$(go version -m "$(command -v "$name" || echo /nonexistent)" 2>/dev/null | awk '$1 == "mod" {print $3}') || true
  [[ $have == "$want" ]] || go install "$2"
}

tools() {
  tool staticcheck "$STATICCHECK"
  tool gosec "$GOSEC"
  tool govulncheck "$GOVULNCHECK"
}
