import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { MARK_VARIABLE } from './types.js';

/**
 * The shell text under which a command runs. It is passed as text: a deploy may replace a file under a running shell.
 *
 * Arguments: folder of the generation, launch time, host id, umask of the command, the path of `cat`, then the command.
 * Descriptors: 0 is the command's, 1 and 3 are the files of its stdout and stderr, 2 is /dev/null. What matters here:
 *
 * - Nothing but builtins and the two copiers between the claim and the command.
 * - To create `state` is the claim. Who cannot create it ends there, and its command never runs.
 * - A trap, other than `trap ''`, is not inherited by the command: it gets TERM, and the wrapper lives to record it.
 * - The command runs in a subshell: without one, a failing `exec` would end the wrapper.
 * - The shell's stderr is `state`: where a signal ends the command it says so, and `exit 137` does not look like that.
 * - The command writes to pipes (4 and 5), never to the files: whoever opens /dev/stderr anew would cut a file. A `cat`
 *   for each outlives the worker, as the wrapper does, is deaf to signals, and ends when nobody holds its pipe any more.
 * - The end is recorded when the copiers have caught up: they have ended, or they sleep, for something that the command
 *   has left behind holds the pipe and has nothing to say. Who goes on writing is not waited for for long.
 * - A copier gets no locale: `cat` would read a dozen files of it, which is more than all else that it does.
 * - Where a copier could not write, 0 becomes 74 (EX_IOERR): there is no success whose output is lost.
 * - The variables have names that no environment has, for an imported variable stays exported.
 */
const WRAPPER = String.raw`
_orch_dir=$1 _orch_launched=$2 _orch_host=$3 _orch_umask=$4 _orch_cat=$5; shift 5
trap : HUP INT QUIT ALRM TERM USR1 USR2
umask 077
[ -p "$_orch_dir/alive" ] || command -p mkfifo "$_orch_dir/out.pipe" "$_orch_dir/err.pipe" "$_orch_dir/alive"
[ -p "$_orch_dir/alive" ] && exec 8<>"$_orch_dir/alive"
_orch_field() { shift 19; _orch_start=$1; }
if [ -r /proc/$$/stat ]; then
  IFS= read -r _orch_line </proc/$$/stat
  _orch_field ${'$'}{_orch_line##*) }
else
  _orch_start=$(LC_ALL=C command -p ps -o lstart= -p $$)
  _orch_start=$(echo $_orch_start)
fi
set -C
exec 7>"$_orch_dir/state" || exit 75
set +C
printf 'run %s %s %s %s\n' "$$" "$_orch_launched" "$_orch_host" "$_orch_start" >&7 || exit 75
exec 2>&7
_orch_copier() {
  trap '' HUP INT QUIT ALRM TERM USR1 USR2
  @MARK@="$@MARK@/copy"
  LC_ALL=C; export LC_ALL
  exec "$_orch_cat" <"$_orch_dir/$1" 2>/dev/null 3>&- 4>&- 5>&- 7>&- 8>&-
}
_orch_caught_up() {
  _orch_asleep=0 _orch_looks=0
  while [ "$_orch_asleep" -lt 3 ] && [ "$_orch_looks" -lt 100 ]; do
    _orch_line=
    if [ -r /proc/$$/stat ]; then
      IFS= read -r _orch_line </proc/$1/stat
      _orch_line=${'$'}{_orch_line##*) }
    else
      _orch_line=$(command -p ps -o state= -p "$1")
    fi
    case $_orch_line in
      Z* | '') wait "$1"; return ;;
      [SI]*) _orch_asleep=$((_orch_asleep + 1)) ;;
      D*) _orch_asleep=0 ;;
      *) _orch_asleep=0 _orch_looks=$((_orch_looks + 1)) ;;
    esac
    [ "$_orch_asleep" -eq 0 ] && [ "$_orch_looks" -lt 20 ] || command -p sleep 0.01 || command -p sleep 1
  done
}
_orch_copiers=
exec 4>&1 5>&3
if [ -n "$_orch_cat" ] && [ -p "$_orch_dir/out.pipe" ] && [ -p "$_orch_dir/err.pipe" ]; then
  exec 4<>"$_orch_dir/out.pipe" 5<>"$_orch_dir/err.pipe"
  (_orch_copier out.pipe) &
  _orch_copiers=$!
  (exec >&3; _orch_copier err.pipe) &
  _orch_copiers="$_orch_copiers $!"
  exec 4>"$_orch_dir/out.pipe" 5>"$_orch_dir/err.pipe"
fi
(umask "$_orch_umask"; @UNSET@exec "$@" >&4 2>&5 3>&- 4>&- 5>&- 7>&- 8>&-)
_orch_code=$?
_orch_uptime=-
[ -r /proc/uptime ] && read -r _orch_uptime _orch_line </proc/uptime
exec 4>&- 5>&-
for _orch_line in $_orch_copiers; do
  _orch_caught_up "$_orch_line" || [ "$_orch_code" -ne 0 ] || _orch_code=74
done 2>/dev/null
until printf '\nexit %s %s\n' "$_orch_code" "$_orch_uptime" >&7; do command -p sleep 1; done 2>/dev/null
exit "$_orch_code"
`;

/** Variables that a shell sets by itself: the command gets them only where the step has them. */
const SHELL_VARIABLES = ['PWD', 'OLDPWD', 'SHLVL'];

export interface WrapperCall {
  shell: string;
  args: string[];
}

/** How to call the wrapper for a command. */
export function wrapperCall(
  claim: { dir: string; launchedAt: number; host: string },
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): WrapperCall {
  const unset = SHELL_VARIABLES.filter((name) => env[name] === undefined).map((name) => `unset ${name}; `);
  const { shell, options } = shellFor(env);
  const text = WRAPPER.replace('@UNSET@', unset.join('')).replaceAll('@MARK@', MARK_VARIABLE);
  const own = [claim.dir, String(claim.launchedAt), claim.host, umask(), cat()];
  return { shell, args: [...options, '-c', text, 'orch-step', ...own, ...command] };
}

/**
 * dash is the quicker one, but it drops what is no identifier (`a.b`, exported functions), so bash runs those.
 * `-p` keeps bash from running $BASH_ENV, and from taking over functions that would stand in for the builtins here.
 */
function shellFor(env: Readonly<Record<string, string>>): { shell: string; options: string[] } {
  shells ??= findShells();
  const plain = Object.keys(env).every((name) => /^[A-Za-z_]\w*$/.test(name));
  if (shells.bash === undefined || (plain && !shells.shIsBash)) return { shell: '/bin/sh', options: [] };
  return { shell: shells.bash, options: ['-p'] };
}

let shells: { bash: string | undefined; shIsBash: boolean } | undefined;

function findShells(): NonNullable<typeof shells> {
  const bash = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash'].find((file) => existsSync(file));
  const sh = path.basename(realpathSync('/bin/sh'));
  return { bash, shIsBash: process.platform === 'darwin' || sh === 'bash' };
}

let ownCat: string | undefined;

/** By its path: the command's PATH is none of the copiers' business. Empty where there is none; then there are no pipes. */
function cat(): string {
  ownCat ??= ['/bin/cat', '/usr/bin/cat', '/usr/local/bin/cat'].find((file) => existsSync(file)) ?? '';
  return ownCat;
}

let ownUmask: string | undefined;

/** To ask Node for the umask sets it for a moment, for all threads, so Linux is asked instead. */
function umask(): string {
  ownUmask ??= umaskInProc() ?? process.umask().toString(8);
  return ownUmask;
}

function umaskInProc(): string | undefined {
  try {
    return /^Umask:\s*(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
