/** The two command lines that end the waiting of a step for a person. */
export function answerCommands(run: string, step: string, waitsFor: 'approval' | 'answer'): [string, string] {
  return waitsFor === 'answer'
    ? [`orch answer ${run} ${step} TEXT`, `orch approve ${run} ${step}`]
    : [`orch approve ${run} ${step}`, `orch reject ${run} ${step}`];
}
