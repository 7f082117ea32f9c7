/**
 * Numbers from 0 to 1 that a seed decides. It is printed, and `ORCH_TEST_SEED=N` repeats them.
 *
 * @param what whose choices these are
 */
export function seededRandom(what: string): () => number {
  let state = Number(process.env['ORCH_TEST_SEED'] ?? Date.now() % 1_000_000) >>> 0;
  process.stderr.write(`${what}: ORCH_TEST_SEED=${state}\n`);
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // as in Numerical Recipes
    return state / 2 ** 32;
  };
}
