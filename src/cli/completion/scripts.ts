/** Shells that are told what a word may become. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

/** Stands for the names of files, which the shell knows itself. */
export const FILES = ':files';

const BASH = `# Completion of orch for bash:  eval "$(orch completion bash)"
_orch() {
  local line word="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ${FILES} ]]; then
      compopt -o filenames
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(orch __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _orch orch
`;

const ZSH = `#compdef orch
# Completion of orch for zsh:  eval "$(orch completion zsh)", after compinit
_orch() {
  local line
  local -a found
  local -i files=0
  while IFS= read -r line; do
    if [[ $line == ${FILES} ]]; then
      files=1
    else
      line=\${line//:/\\\\:}
      found+=("\${line/$'\\t'/:}")
    fi
  done < <(orch __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe orch found
  (( files )) && _files
}
compdef _orch orch
`;

const FISH = `# Completion of orch for fish:  orch completion fish | source
function __orch_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    orch __complete -- $words[2..-1] "$word" 2>/dev/null
end
complete -c orch -f -a '(__orch_complete | string match -v ${FILES})'
complete -c orch -n '__orch_complete | string match -q ${FILES}' -F
`;

/** What a shell reads to complete the words of orch. */
export function completionScript(shell: Shell): string {
  return { bash: BASH, zsh: ZSH, fish: FISH }[shell];
}
