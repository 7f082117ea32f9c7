# What the steps of docs-restore.yaml share. Read by `. "$TOOLS/lib.sh"` at the head of each.

# A hook or an outer tool may have pointed git at another repository.
unset $(git rev-parse --local-env-vars)

fail() {
  echo "$*" >&2
  exit 1
}

# Pages are restored in a worktree of its own, on a branch of its own: nobody's checkout changes.
common=$(git -C "$REPO" rev-parse --path-format=absolute --git-common-dir) || fail "$REPO is no git repository"
tools=$(unset CDPATH && cd -- "$TOOLS" && pwd)
branch=docs-restore/$ORCH_RUN_ID
# The run's id becomes a path: what may stand in a ref has no `..` in it, nor anything else that leads away.
git check-ref-format "refs/heads/$branch" || fail "the run id '$ORCH_RUN_ID' cannot stand in a ref: give another by --id"
work=$common/docs-restore/$ORCH_RUN_ID/tree
found=$common/docs-restore/$ORCH_RUN_ID/found

# Does nothing where there is none.
remove_worktree() {
  git -C "$REPO" worktree remove --force "$work" 2>/dev/null || rm -rf -- "$work"
  git -C "$REPO" worktree prune
}
