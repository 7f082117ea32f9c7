# What the steps of safe-merge.yaml share. Read by `. "$TOOLS/lib.sh"` at the head of each.

# A hook or an outer tool may have pointed git at another repository.
unset $(git rev-parse --local-env-vars)

fail() {
  echo "$*" >&2
  exit 1
}

# The merge is made in a worktree of its own, so the checkout that people work in is never half merged.
common=$(git -C "$REPO" rev-parse --path-format=absolute --git-common-dir) || fail "$REPO is no git repository"
tools=$(unset CDPATH && cd -- "$TOOLS" && pwd)
work=$common/safe-merge/$ORCH_RUN_ID
refs=refs/safe-merge/$ORCH_RUN_ID
# The run's id becomes a path: what may stand in a ref has no `..` in it, nor anything else that leads away.
git check-ref-format "$refs/base" || fail "the run id '$ORCH_RUN_ID' cannot stand in a ref: give another by --id"

# Commits that earlier steps noted. They are refs, so that git keeps what they point at.
noted() {
  git -C "$REPO" rev-parse --verify --quiet "$refs/$1^{commit}"
}

# note NAME COMMIT
note() {
  git -C "$REPO" update-ref "$refs/$1" "$2"
}

# Does nothing where there is none.
remove_worktree() {
  git -C "$REPO" worktree remove --force "$work" 2>/dev/null || rm -rf -- "$work"
  git -C "$REPO" worktree prune
}
