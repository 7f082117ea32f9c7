import { sourceExpressionSites } from '../templates/expression-sites.js';
import type { Expression } from '../expressions/index.js';
import { MAX_DEPTH } from '../document/faults.js';
import { formatPath, isMap } from '../problems/paths.js';
import { quote, type Problems } from '../problems/problems.js';
import { sourceSteps } from '../document/source-steps.js';
import { didYouMean } from '../problems/suggest.js';
import { sourceTemplateSites, type TemplateSite } from '../templates/template-sites.js';
import { readTemplate, secretsIn } from '../templates/template-text.js';

type Path = readonly PropertyKey[];

/** What a secret's name must be to be written `secrets.NAME`. */
const WORD = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Something that is meant as a secret, also where no template is read. */
const MENTION = /\$\{\{[^}]*\bsecrets\b/;
/** Texts about a step that nothing is done with. */
const PROSE = new Set(['id', 'name', 'description', 'tags', 'ui_hints', 'metadata', 'secrets']);

const WHERE_TO =
  'secrets may be used in env, stdin, and the url, headers and body of an http step: put it into env, and read the variable there';

/** Checks where secrets come from, and that they go only where nobody but the step sees them. */
export function checkSecrets(
  source: Record<string, unknown>,
  expressions: ReadonlyMap<string, Expression>,
  problems: Problems,
): void {
  const globals = isMap(source['globals']) ? source['globals'] : {};
  checkSecretSources(globals['secrets'], ['globals', 'secrets'], problems);
  for (const { step, path } of sourceSteps(source)) {
    if (step !== undefined) checkSecretSources(step['secrets'], [...path, 'secrets'], problems);
  }
  // Reading every text again costs, and most plans have no secret.
  if (!mentionsSecrets(source)) return;
  const sites = [...sourceTemplateSites(source)];
  checkSecretUses(source, sites, problems);
  checkPlaces(source, sites, problems);
  checkReads(source, sites, expressions, problems);
}

/** Checks where secrets come from. */
export function checkSecretSources(secrets: unknown, path: Path, problems: Problems): void {
  if (!isMap(secrets)) return;
  for (const [name, from] of Object.entries(secrets)) {
    const at = [...path, name];
    if (!WORD.test(name) || name === '__proto__') {
      const hint = 'it is used as ${{ secrets.NAME }}: use letters, digits and _, not starting with a digit';
      problems.add({ code: 'invalid_name', path: at, message: `${quote(name)} is not a valid secret name`, hint });
    }
    if (!isMap(from)) continue;
    const given = ['env', 'file', 'command'].filter((key) => (from[key] ?? undefined) !== undefined);
    if (given.length === 1) continue;
    problems.add({
      code: given.length === 0 ? 'missing_key' : 'conflicting_keys',
      path: at,
      message:
        given.length === 0
          ? `the secret ${quote(name)} does not say where it comes from`
          : `the secret ${quote(name)} comes from ${given.join(' and ')}; it can have only one source`,
      hint: 'give one of env (a variable of the worker), file and command',
    });
  }
}

/** Secrets that are named and not declared. */
export function checkSecretUses(
  source: Record<string, unknown>,
  sites: readonly TemplateSite[],
  problems: Problems,
): void {
  const steps = sourceSteps(source);
  const declared = (step: number | undefined): string[] => {
    const owners = [source['globals'], step === undefined ? undefined : steps[step]?.step];
    return owners.flatMap((owner) => (isMap(owner) && isMap(owner['secrets']) ? Object.keys(owner['secrets']) : []));
  };
  for (const site of sites) {
    for (const name of secretsIn(site.text)) {
      // Those of globals.env belong to every step, so only the secrets of globals are there for sure.
      const known = declared(site.step);
      if (known.includes(name)) continue;
      problems.add({
        code: 'unknown_secret',
        path: site.path,
        message: `there is no secret ${quote(name)}`,
        hint: didYouMean(name, known) ?? `declare it: secrets: { ${name}: { env: ${name} } }`,
      });
    }
  }
}

/** Secrets where others would see them: in arguments, in the text of a script, in the name of a lock. */
function checkPlaces(source: Record<string, unknown>, sites: readonly TemplateSite[], problems: Problems): void {
  const allowed = new Set(sites.filter((site) => site.private).map((site) => formatPath(site.path)));
  const refuse = (text: string, path: Path): void => {
    if (!MENTION.test(text) || allowed.has(formatPath(path))) return;
    const place = quote(String(path.findLast((part) => typeof part === 'string')));
    problems.add({ code: 'misplaced_secret', path, message: `a secret cannot be used in ${place}`, hint: WHERE_TO });
  };
  eachText(source['globals'], ['globals'], refuse);
  for (const { step, path } of sourceSteps(source)) if (step !== undefined) eachText(step, path, refuse);
}

/** Variables that hold a secret, where another text is made of them. */
function checkReads(
  source: Record<string, unknown>,
  sites: readonly TemplateSite[],
  expressions: ReadonlyMap<string, Expression>,
  problems: Problems,
): void {
  const steps = sourceSteps(source);
  const secretOf = (name: string, { layer, step }: Pick<TemplateSite, 'layer' | 'step'>): string | undefined => {
    if (layer === 'globals_env') return undefined;
    const own = layer === 'step' && step !== undefined ? textOf(steps[step]?.step, name) : undefined;
    const text = own ?? textOf(source['globals'], name);
    return text === undefined ? undefined : secretsIn(text)[0];
  };
  const refuse = (name: string, secret: string, path: Path): void =>
    problems.add({
      code: 'misplaced_secret',
      path,
      message: `${name} contains the secret ${quote(secret)}, which would be copied here`,
      hint: `write \${{ secrets.${secret} }} where secrets are allowed; in a shell, read the variable`,
    });
  for (const site of sites) {
    for (const part of readTemplate(site.text).parts) {
      if (typeof part !== 'object' || !('name' in part)) continue;
      const secret = secretOf(part.name, site);
      if (secret !== undefined) refuse(`\${${part.name}}`, secret, site.path);
    }
  }
  for (const site of sourceExpressionSites(source)) {
    for (const name of expressions.get(site.text)?.reads.env ?? []) {
      const secret = secretOf(name, site);
      if (secret !== undefined) refuse(`env.${name}`, secret, site.path);
    }
  }
}

function textOf(owner: unknown, name: string): string | undefined {
  const env = isMap(owner) ? owner['env'] : undefined;
  const text = isMap(env) && Object.hasOwn(env, name) ? env[name] : undefined;
  return typeof text === 'string' ? text : undefined;
}

function mentionsSecrets(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.includes('secrets');
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return false;
  return Object.values(value).some((inner) => mentionsSecrets(inner, depth + 1));
}

function eachText(value: unknown, path: Path, look: (text: string, path: Path) => void): void {
  if (path.length > MAX_DEPTH) return;
  if (typeof value === 'string') look(value, path);
  else if (Array.isArray(value)) value.forEach((inner, index) => eachText(inner, [...path, index], look));
  else if (isMap(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (!PROSE.has(key) && !key.startsWith('x-')) eachText(inner, [...path, key], look);
    }
  }
}
