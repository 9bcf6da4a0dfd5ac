#!/usr/bin/env bash
# Prints, as Markdown, what the claims in FOLDER become, and what of it differs from the branch BASE.
#   scripts/ci/preview.sh origin/main deploy
set -euo pipefail
cd "$(dirname "$0")/../.."
base=$1 folder=$2
limit=60000 # GitHub takes 65536 characters

work=$(mktemp -d)
trap 'git worktree remove --force "$work/base" 2>/dev/null || true; rm -rf "$work"' EXIT
git worktree add --quiet --detach "$work/base" "$base"

zerotouch render "$folder" >"$work/after.yaml"
# A branch without claims, or with claims that are no longer valid, has nothing to compare with.
zerotouch render "$work/base/$folder" >"$work/before.yaml" 2>/dev/null || : >"$work/before.yaml"

# fenced LANGUAGE FILE: the file as a block, cut where a comment would be too long.
fenced() {
    printf '\n```%s\n' "$1"
    head -c $((limit / 2)) "$2"
    printf '\n```\n'
    [ "$(wc -c <"$2")" -le $((limit / 2)) ] || echo "Cut: see the file in the log of this run, or call \`zerotouch render $folder\`."
}

echo "### What the claims become"
if diff -u --label before --label after "$work/before.yaml" "$work/after.yaml" >"$work/difference"; then
    echo "Nothing changes."
else
    fenced diff "$work/difference"
fi
printf '\n<details><summary>Everything</summary>\n'
fenced yaml "$work/after.yaml"
echo '</details>'
