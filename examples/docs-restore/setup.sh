#!/bin/sh
# Makes a git repository that has lost some of its documentation.
#
#   sh examples/docs-restore/setup.sh FOLDER [clean|duplicate-id]
#
# FOLDER/work then has a page that was deleted, one that was emptied, one that was renamed (and so is not lost), one that
# was removed on purpose (docs/.removed says so), and links to the lost ones. With `duplicate-id` the deleted page has
# an id that another page took over since, so that restoring it must be refused.
set -eu

folder=${1:?usage: setup.sh FOLDER [clean|duplicate-id]}
kind=${2:-clean}

case $kind in
clean | duplicate-id) ;;
*)
  echo "setup.sh: '$kind' is neither clean nor duplicate-id" >&2
  exit 2
  ;;
esac
if [ -e "$folder/work" ]; then
  echo "setup.sh: $folder has been set up before; remove it or name another folder" >&2
  exit 2
fi

# A hook or a test may have pointed git at another repository.
unset $(git rev-parse --local-env-vars)
mkdir -p -- "$folder"
git init --quiet --initial-branch=main "$folder/work"
cd "$folder/work"
git config user.name 'Docs Restore Example'
git config user.email 'docs-restore@example.invalid'
git config commit.gpgsign false

# page FILE ID: the text comes on stdin.
page() {
  mkdir -p "$(dirname "$1")"
  {
    printf -- '---\nid: %s\n---\n' "$2"
    cat
  } >"$1"
}

commit() {
  git add --all
  git commit --quiet --message "$1"
}

page docs/index.md index <<'MD'
# Handbook

- [Install](install.md)
- [Configure](guide/configure.md#files)
- [Old name](guide/naming.md)
MD
page docs/install.md install <<'MD'
# Install

Run the installer, then [configure](guide/configure.md).
MD
page docs/guide/configure.md configure <<'MD'
# Configure

## Files

See [the start](../index.md#handbook).
MD
page docs/guide/old-naming.md naming <<'MD'
# Names

How things are named here, at some length, so that git knows the file again after it was renamed.
MD
page docs/legacy.md legacy <<'MD'
# Legacy

Nobody needs this any more.
MD
commit 'Write the handbook'

git mv docs/guide/old-naming.md docs/guide/naming.md
commit 'Rename a page'

git rm --quiet docs/legacy.md
echo docs/legacy.md >docs/.removed
commit 'Remove a page on purpose'

git rm --quiet docs/install.md
: >docs/guide/configure.md
commit 'Clean up (and lose two pages)'

if [ "$kind" = duplicate-id ]; then
  page docs/setup.md install <<'MD'
# Setup

A new page that took the id of a lost one.
MD
  commit 'Write a new page'
fi
echo "$PWD: one page is deleted, one is emptied ($kind)"
