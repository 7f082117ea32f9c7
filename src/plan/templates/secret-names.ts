const SECRET_NAME =
  /(^|_)(SECRET|SECRETS|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|APIKEY|API_KEY|ACCESS_KEY|PRIVATE_KEY)(_|$)/i;

/** Whether a variable's value must not stand in a run's history, by its name. */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

const SECRET_END =
  /(?:^|_)(?:SECRET|SECRETS|TOKEN|PASSWORD|PASSWD|PASSPHRASE|PWD|CREDENTIALS?|APIKEY|API_KEY|SECRET_KEY|ACCESS_KEY|PRIVATE_KEY)$/i;
/** What is called a token and opens nothing, and the current folder. */
const NO_SECRET = /^(?:OLD)?PWD$|(?:^|_)(?:PAGE|NEXT|CONTINUATION|CURSOR|SYNC|STOP|START|END|PAD|EOS|BOS)_TOKEN$/i;

/** Whether what a name stands for is a secret itself, and not the place or the number of one: `DB_PASSWORD`, `apiKey`. */
export function endsAsSecret(name: string): boolean {
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2').replaceAll(/[-.]/g, '_');
  return SECRET_END.test(words) && !NO_SECRET.test(words);
}

/** How a step gets what must not be taken along. */
export function secretHint(name: string): string {
  return `declare it: secrets: { ${name}: { env: ${name} } }, and write \${{ secrets.${name} }} in the step's env; it must be set on the worker, which reads it at the last moment`;
}
