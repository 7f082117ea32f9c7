const SECRET_NAME =
  /(^|_)(SECRET|SECRETS|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|APIKEY|API_KEY|ACCESS_KEY|PRIVATE_KEY)(_|$)/i;

/** Whether a variable's value must not stand in a run's history, by its name. */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}
