#!/bin/sh
# Makes something to merge: a bare repository, a clone of it, a main branch and a branch.
#
#   sh examples/safe-merge/setup.sh FOLDER [clean|conflict] [BRANCH]
#
# FOLDER/origin.git is the bare repository, FOLDER/work the clone. With `conflict`, both branches changed the same
# files, some of them later on main, some later on the branch. User name and e-mail are set in the clone only.
set -eu

folder=${1:?usage: setup.sh FOLDER [clean|conflict] [BRANCH]}
kind=${2:-clean}
branch=${3:-feature}

case $kind in
clean | conflict) ;;
*)
  echo "setup.sh: '$kind' is neither clean nor conflict" >&2
  exit 2
  ;;
esac
git check-ref-format "refs/heads/$branch" || {
  echo "setup.sh: '$branch' is no name for a branch" >&2
  exit 2
}
if [ -e "$folder/origin.git" ] || [ -e "$folder/work" ]; then
  echo "setup.sh: $folder has been set up before; remove it or name another folder" >&2
  exit 2
fi

# A hook or a test may have pointed git at another repository.
unset $(git rev-parse --local-env-vars)
mkdir -p -- "$folder"
folder=$(cd -- "$folder" && pwd)

git init --quiet --bare --initial-branch=main "$folder/origin.git"
git init --quiet --initial-branch=main "$folder/work"
cd "$folder/work"
git config user.name 'Safe Merge Example'
git config user.email 'safe-merge@example.invalid'
git config commit.gpgsign false
git remote add origin "$folder/origin.git"

# commit SECONDS MESSAGE: commits everything, at a time that is the same in every setup.
commit() {
  git add --all
  GIT_AUTHOR_DATE="@$((1700000000 + $1)) +0000" GIT_COMMITTER_DATE="@$((1700000000 + $1)) +0000" \
    git commit --quiet --message "$2"
}

# check.sh is what the example takes for the project's tests.
cat >check.sh <<'SH'
set -eu
grep -q '^version=[0-9][0-9]*$' settings.txt || { echo 'settings.txt has no version' >&2; exit 1; }
grep -q . greeting.txt || { echo 'greeting.txt is empty' >&2; exit 1; }
echo 'all checks passed'
SH
printf 'hello\n' >greeting.txt
printf 'version=1\n' >settings.txt
printf 'old notes\n' >notes.txt
commit 0 'Begin'

# A branch that is named like an option or a pathspec must not be taken for one.
git update-ref "refs/heads/$branch" HEAD
git symbolic-ref HEAD "refs/heads/$branch"
printf 'added on the branch\n' >feature.txt
commit 10 'Add the feature'
if [ "$kind" = conflict ]; then
  printf 'hello from the branch\n' >greeting.txt
  printf 'notes of the branch\n' >notes.txt
  commit 20 'Change the greeting and the notes'
  printf 'version=3\n' >settings.txt
  commit 60 'Raise the version to 3'
fi

git symbolic-ref HEAD refs/heads/main
git reset --quiet --hard
printf 'added on main\n' >main.txt
commit 30 'Go on with main'
if [ "$kind" = conflict ]; then
  printf 'version=2\n' >settings.txt
  commit 40 'Raise the version to 2'
  printf 'hello from main\n' >greeting.txt
  git rm --quiet notes.txt
  commit 50 'Change the greeting, drop the notes'
fi

git push --quiet origin refs/heads/main "refs/heads/$branch"
git fetch --quiet origin
echo "$folder/work: branch '$branch' is ready to be merged into main ($kind)"
