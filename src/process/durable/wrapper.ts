import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

/**
 * The shell text under which a command runs. It is passed as text: a deploy may replace a file under a running shell.
 *
 * Arguments: folder of the generation, launch time, host id, umask of the command, then the command. Descriptors: 0 and
 * 1 are the command's, 3 becomes its stderr, 2 is /dev/null. What matters here:
 *
 * - Nothing but builtins between the claim and the command, and between the command and the record of its end.
 * - To create `state` is the claim. Who cannot create it ends there, and its command never runs.
 * - A trap, other than `trap ''`, is not inherited by the command: it gets TERM, and the wrapper lives to record it.
 * - The command runs in a subshell: without one, a failing `exec` would end the wrapper.
 * - The shell's stderr is `state`: where a signal ends the command it says so, and `exit 137` does not look like that.
 * - The variables have names that no environment has, for an imported variable stays exported.
 */
const WRAPPER = String.raw`
_orch_dir=$1 _orch_launched=$2 _orch_host=$3 _orch_umask=$4; shift 4
trap : HUP INT QUIT ALRM TERM USR1 USR2
umask 077
[ -p "$_orch_dir/alive" ] || command -p mkfifo "$_orch_dir/alive"
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
(umask "$_orch_umask"; @UNSET@exec "$@" 2>&3 3>&- 7>&- 8>&-)
_orch_code=$?
_orch_uptime=-
[ -r /proc/uptime ] && read -r _orch_uptime _orch_line </proc/uptime
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
  const text = WRAPPER.replace('@UNSET@', unset.join(''));
  const own = [claim.dir, String(claim.launchedAt), claim.host, umask()];
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
