#!/bin/bash
# The completion scripts of skerry and of its kubectl in the real shells: what stands on the line after TAB (bash, zsh), and what is
# offered (fish). Needs no server. $SKERRY: see docs/building.md.
set -u
: "${SKERRY:?}"
here=$(cd "$(dirname "$0")" && pwd)
SKERRY=$(realpath "$SKERRY")
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 0; }

dir=$(mktemp -d /tmp/skerry-test-shells-XXXXXX)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
mkdir "$dir/bin" "$dir/home" "$dir/folder"
ln -s "$SKERRY" "$dir/bin/kubectl"
ln -s "$SKERRY" "$dir/bin/skerry"
touch "$dir/manifest.yaml" "$dir/manual.txt"
cat >"$dir/kubeconfig" <<'END'
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
contexts:
- {name: "work:one", context: {cluster: c}}
- {name: shop, context: {cluster: c}}
END

failed=0
for shell in bash zsh fish; do
  if ! path=$(command -v $shell); then
    echo "skipped: no $shell"
    continue
  fi
  (cd "$dir" && env -i PATH="$dir/bin:/usr/bin:/bin" HOME="$dir/home" KUBECONFIG="$dir/kubeconfig" TERM=dumb LC_ALL=C.UTF-8 \
    python3 "$here/shells.py" $shell "$path" "$dir") </dev/null || { echo "FAIL: $shell"; failed=1; }
done
exit $failed
