import type { Manifest, ManifestStep } from '../../journal/index.js';
import type { ManifestInstance } from '../../journal/manifest.js';
import { plainMessage } from '../../basics/plain-message.js';
import { printable } from './format.js';

/** Failures of orch or of its machines, and not of what the step checks. */
const ERRORS = new Set(['lost', 'spawn_failed', 'internal_error', 'expression_error', 'operator']);

interface Case {
  name: string;
  seconds: number;
  kind: 'passed' | 'failure' | 'error' | 'skipped';
  type: string;
  message: string;
  stdout: string;
  stderr: string;
}

/**
 * A run as JUnit XML: a suite, with a test case for each step and for each instance of a `foreach`.
 *
 * @param tailOf gives the end of a log, '' where it is not there
 */
export function toJunit(manifest: Manifest, tailOf: (log: string) => string): string {
  const cases = manifest.steps.flatMap((step) => casesOf(step, tailOf));
  const count = (kind: Case['kind']): number => cases.filter((one) => one.kind === kind).length;
  const counts = {
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds(manifest.started_at, manifest.finished_at).toFixed(3),
  };
  const suite = {
    name: manifest.plan_id,
    ...counts,
    ...when(manifest),
    ...(manifest.host && { hostname: manifest.host }),
  };
  const properties = { run_id: manifest.run_id, status: manifest.status, plan_digest: manifest.plan_digest };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: manifest.plan_id, ...counts })}>`,
    `  <testsuite${attributes(suite)}>`,
    '    <properties>',
    ...Object.entries(properties).map(([name, value]) => `      <property${attributes({ name, value })}/>`),
    '    </properties>',
    ...cases.map((one) => caseXml(manifest.plan_id, one)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function casesOf(step: ManifestStep, tailOf: (log: string) => string): Case[] {
  if (step.instances === null || step.instances.length === 0) {
    const last = step.attempts.at(-1);
    const stdout = (last?.stdout && tailOf(last.stdout)) || (step.stdout_tail ?? '');
    const stderr = (last?.stderr && tailOf(last.stderr)) || (step.stderr_tail ?? '');
    return [{ name: step.id, ...outcome(step, step.recovered), stdout, stderr }];
  }
  return step.instances.map((instance) => {
    const last = instance.attempts.at(-1);
    return {
      name: `${step.id}[${instance.index}]`,
      ...outcome(instance, step.recovered),
      stdout: last?.stdout ? tailOf(last.stdout) : '',
      stderr: last?.stderr ? tailOf(last.stderr) : '',
    };
  });
}

function outcome(
  part: ManifestStep | ManifestInstance,
  recovered: boolean,
): Pick<Case, 'seconds' | 'kind' | 'type' | 'message'> {
  const base = {
    seconds: seconds(part.started_at, part.finished_at),
    type: part.reason ?? part.status,
    message: plainMessage(part.message ?? part.reason ?? part.status),
  };
  if (part.status === 'success' || part.status === 'warning' || (part.status === 'failed' && recovered)) {
    return { ...base, kind: 'passed' };
  }
  const bad = part.status === 'failed' || (part.status === 'canceled' && part.reason === 'operator');
  if (bad) return { ...base, kind: ERRORS.has(base.type) ? 'error' : 'failure' };
  return { ...base, kind: 'skipped', message: `${part.status}: ${base.message}` };
}

function caseXml(plan: string, one: Case): string {
  const head = `    <testcase${attributes({ name: one.name, classname: plan, time: one.seconds.toFixed(3) })}`;
  const inner: string[] = [];
  if (one.kind === 'skipped') inner.push(`<skipped${attributes({ message: one.message })}/>`);
  else if (one.kind !== 'passed') {
    const said = attributes({ type: one.type, message: one.message });
    inner.push(`<${one.kind}${said}>${text(one.stderr || one.stdout || one.message)}</${one.kind}>`);
  }
  if (one.stdout !== '') inner.push(`<system-out>${text(one.stdout)}</system-out>`);
  if (one.stderr !== '') inner.push(`<system-err>${text(one.stderr)}</system-err>`);
  if (inner.length === 0) return `${head}/>`;
  return [`${head}>`, ...inner.map((line) => `      ${line}`), '    </testcase>'].join('\n');
}

/** JUnit's times are local ones without a zone; these are in UTC. */
function when({ started_at }: Manifest): { timestamp?: string } {
  return started_at === null ? {} : { timestamp: started_at.slice(0, 19) };
}

function seconds(start: string | null, end: string | null): number {
  return start === null || end === null ? 0 : Math.max(0, Date.parse(end) - Date.parse(start)) / 1000;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${attribute(String(value))}"`)
    .join('');
}

function attribute(value: string): string {
  return text(value).replaceAll('"', '&quot;').replaceAll('\t', '&#9;').replaceAll('\n', '&#10;');
}

/** Characters that no XML document may hold, not even as a reference; lone halves of pairs among them. */
const NOT_XML = /[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

function text(value: string): string {
  return printable(value.replaceAll(/\r\n?/g, '\n'))
    .replace(NOT_XML, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;'); // also ends a `]]>`
}
