type Env = Readonly<Record<string, string | undefined>>;

/** Terminals by the variables that they set, which show OSC 8 links. */
const KNOWN: readonly ((env: Env) => boolean)[] = [
  ({ TERM_PROGRAM = '' }) => ['WezTerm', 'ghostty', 'vscode', 'Hyper', 'Tabby', 'rio', 'zed'].includes(TERM_PROGRAM),
  ({ TERM_PROGRAM, TERM_PROGRAM_VERSION = '' }) =>
    TERM_PROGRAM === 'iTerm.app' && !/^[0-2]\./.test(TERM_PROGRAM_VERSION),
  // GNOME Terminal, Tilix and others; 0.50.0 crashes on links.
  ({ VTE_VERSION = '' }) => Number(VTE_VERSION) > 5000,
  ({ KONSOLE_VERSION = '' }) => Number(KONSOLE_VERSION) >= 201200,
  ({ TERM = '' }) => ['xterm-kitty', 'alacritty', 'foot', 'xterm-ghostty', 'contour'].includes(TERM),
  ({ WT_SESSION, DOMTERM }) => Boolean(WT_SESSION ?? DOMTERM),
];

/**
 * Whether a terminal shows links: `FORCE_HYPERLINK` says so (0: not), or it is known to. One that does not may print the
 * address in the middle of the text, so any other is taken not to; tmux and screen, too, which pass on what they know.
 */
export function showsLinks(env: Env, isTerminal: boolean): boolean {
  if (!isTerminal) return false;
  const forced = env['FORCE_HYPERLINK'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (env['TERM'] === 'dumb' || env['CI'] || env['TMUX'] || env['STY']) return false;
  return KNOWN.some((isOne) => isOne(env));
}
