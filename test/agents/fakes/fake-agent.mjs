#!/usr/bin/env node
// Stands in for a coding agent's CLI, since the real ones need accounts: prints what the real one prints.
//
// Put it on PATH as `codex`, `claude`, `gemini`, `opencode`, or give it as the command of a generic agent. The prompt says
// what to do, one directive a line, anywhere in it (the last of a kind counts where it can stand once):
//
//   FAKE say TEXT          says TEXT as its last message (several: one line each)
//   FAKE verdict WORDS     ends the message with `VERDICT: WORDS`
//   FAKE no-verdict        gives no verdict, although the prompt asks for one
//   FAKE raw LINE          prints LINE as it stands; `\e` is an escape, SESSION the session
//   FAKE forget HOW        the next turn that goes on with this session finds it `gone`, gets an `other` one, or finds it too `long`
//   FAKE sleep SECONDS     does nothing for a while
//   FAKE write FILE TEXT   writes TEXT into FILE (in its folder)
//   FAKE append FILE TEXT  appends a line
//   FAKE wait FILE         waits until FILE is there
//   FAKE run LINE          has the shell run LINE, in its folder
//   FAKE tokens N          uses N tokens (default 100)
//   FAKE cost USD          costs that much (claude, opencode, generic; default 0.01)
//   FAKE error TEXT        the turn fails with TEXT, exit code 1
//   FAKE quota SECONDS     out of quota until so many seconds from now, exit code 1
//   FAKE exit N            exits with N after the answer
//   FAKE hang              does not exit after its last event
//   FAKE silent            prints nothing and does not exit
//   FAKE empty             exits with 0 and has said nothing
//   FAKE broken            prints lines that are no events among the others
//   FAKE other-session     goes on with another session than the one asked for
//   FAKE die               kills itself (KILL) in mid-turn
//   FAKE json TEXT         its answer is the JSON TEXT
//   FAKE tell NAME         says what the variable NAME holds, in its message, in its verdict file and on stderr
//   FAKE mutter NAME      says it on stderr only
//   FAKE tell-json NAME    its answer is {"token": "…"} with what the variable NAME holds
//   FAKE spew MB           prints so many megabytes of events (of a line where it prints none)
//   FAKE once FILE         what stands below is done only while FILE is missing; FILE is then made
//   FAKE until FILE        what stands below is done only while FILE is missing; somebody else makes it
//   FAKE otherwise         what stands below is done where what stood above was not
//   FAKE always            ends `once`, `until` and `otherwise`
//
// Without any it says what it was told, and passes as it is asked to. FAKE_LOG names a file that gets a line for each start:
// {"agent", "session", "resumed", "pid", "cwd", "args", "prompt"}; beside it, or in the folder for temporary files, codex
// and claude keep what each session has used, for they count on when it is resumed. With FAKE_QUOTA=FILE it is out of
// quota, whatever the prompt, while FILE holds a time (milliseconds since the epoch) that has not come. With FAKE_STEPS=FOLDER
// it does what the file there says that has the name of its step, beside what its prompt says.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { execSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';

const argv = process.argv.slice(2);
const agent =
  process.env.FAKE_AGENT ??
  path
    .basename(process.argv[1])
    .replace(/\.mjs$/, '')
    .replace('fake-agent', 'generic');
const option = (...names) => {
  const at = argv.findIndex((arg) => names.includes(arg));
  return at < 0 ? undefined : argv[at + 1];
};
const prompt = readPrompt();
const resumed = option('resume', '--resume', '--session', 'SESSION');
const session = resumed ?? option('--session-id') ?? (agent === 'codex' ? `th_${randomUUID()}` : randomUUID());
if (process.env.FAKE_LOG) {
  // opencode works where PWD says.
  const cwd = agent === 'opencode' ? process.env.PWD : process.cwd();
  const step = process.env.ORCH_STEP_ID;
  const start = { agent, session, resumed: resumed !== undefined, pid: process.pid, cwd, args: argv, prompt, step };
  appendFileSync(process.env.FAKE_LOG, `${JSON.stringify(start)}\n`);
}

const todo = directives(`${prompt}\n${ofStep()}`);
const last = (name) => todo.findLast(([key]) => key === name)?.[1];
const has = (name) => todo.some(([key]) => key === name);
const print = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const said = [];

if (has('silent')) await forever();
const forgotten = resumed === undefined ? undefined : forgottenAs();
if (forgotten === 'gone' && agent === 'codex') {
  process.stderr.write(`Error: thread/resume: no rollout found for thread id ${session} (code -32600)\n`);
  end(1);
}
if (forgotten === 'gone') await fail(`No conversation found with session ID: ${session}`);
begin(forgotten === 'other' || has('other-session') ? `${session}-other` : session);
if (forgotten === 'long') await fail('Prompt is too long');
if (has('forget')) writeFileSync(memory('forgotten'), last('forget'));
if (has('broken')) process.stdout.write('{"type": "item.comp\nsome warning of the runtime\n\n');
for (const [name, rest] of todo) {
  const [first, ...more] = rest.split(' ');
  if (name === 'write') writeFileSync(first, `${more.join(' ')}\n`);
  if (name === 'append') appendFileSync(first, `${more.join(' ')}\n`);
  if (name === 'wait') while (!existsSync(first)) await new Promise((resolve) => setTimeout(resolve, 20));
  if (name === 'say') said.push(rest);
  if (name === 'raw') process.stdout.write(`${rest.replaceAll('\\e', '\u001B').replaceAll('SESSION', session)}\n`);
  if (name === 'sleep') await new Promise((resolve) => setTimeout(resolve, Number(first) * 1000));
  if (name === 'spew') for (let mb = 0; mb < Number(first); mb += 1) await spew();
  if (name === 'tell') {
    said.push(`It is ${process.env[first]}.`);
    tool(`echo ${process.env[first]}`);
    process.stderr.write(`it is ${process.env[first]}\n`);
    if (process.env.ORCH_VERDICT) {
      writeFileSync(process.env.ORCH_VERDICT, `STATUS: warn\nSUMMARY: with ${process.env[first]}\n`);
    }
  }
  if (name === 'mutter') process.stderr.write(`it is ${process.env[first]}\n`);
  if (name === 'run') execSync(rest, { stdio: 'ignore' });
  if (name === 'die') process.kill(process.pid, 'SIGKILL');
  if (name === 'write' || name === 'append') tool(`${name} ${first}`);
}
const limited = quotaUntil();
if (limited !== undefined) await fail(quotaText(limited), limited);
if (has('error')) await fail(last('error'));
if (has('empty')) end(0);
const json = has('tell-json') ? JSON.stringify({ token: process.env[last('tell-json')] }) : last('json');
if (json !== undefined) said.push(json);
if (said.length === 0) said.push('I have done what I was told.');
if (has('verdict')) said.push('', `VERDICT: ${last('verdict')}`);
// It does as it was told, in the words that it was given.
else if (json === undefined && !has('no-verdict')) said.push(...asked());
if (!has('raw') || has('say')) answer(said.join('\n'));
if (has('hang')) await forever();
process.exitCode = Number(last('exit') ?? 0);

function readPrompt() {
  const file = option('--prompt-file') ?? (process.env.FAKE_PROMPT_VIA === 'file' ? argv.at(-1) : undefined);
  if (file !== undefined) return readFileSync(file, 'utf8');
  if (process.env.FAKE_PROMPT_VIA === 'arg') return argv.at(-1);
  return readFileSync(0, 'utf8');
}

function ofStep() {
  const { FAKE_STEPS: folder, ORCH_STEP_ID: step } = process.env;
  const file = folder === undefined || step === undefined ? '' : path.join(folder, step);
  return file !== '' && existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function directives(text) {
  const found = [];
  let active = true;
  for (const line of text.split('\n')) {
    const [, name, rest = ''] = /^[>\s]*FAKE ([a-z-]+)(?: (.*))?$/.exec(line.trimEnd()) ?? [];
    if (name === undefined) continue;
    if (name === 'once' || name === 'until') {
      active = !existsSync(rest);
      if (active && name === 'once') writeFileSync(rest, '');
    } else if (name === 'otherwise') active = !active;
    else if (name === 'always') active = true;
    else if (active) found.push([name, rest]);
  }
  return found;
}

function asked() {
  const [, words] = /^- `VERDICT: (PASS|CLEAN)`: /m.exec(prompt) ?? [];
  return words === undefined ? [] : ['', `VERDICT: ${words}`];
}

function quotaUntil() {
  if (has('quota')) return Date.now() + Number(last('quota')) * 1000;
  const file = process.env.FAKE_QUOTA;
  const until = file !== undefined && existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return until > Date.now() ? until : undefined;
}

function quotaText(until) {
  const seconds = Math.max(1, Math.ceil((until - Date.now()) / 1000));
  // Claude Code names a time of day, and the exact one in an event.
  if (agent === 'claude') return "You've hit your limit · resets 3pm (Europe/Lisbon)";
  if (agent === 'gemini') {
    return `[API Error: You have exhausted your capacity on this model. Your quota will reset after ${seconds}s.]`;
  }
  return `You've hit your usage limit. Try again after ${seconds} seconds.`;
}

function begin(id) {
  if (agent === 'codex') {
    print({ type: 'thread.started', thread_id: id });
    print({ type: 'turn.started' });
  } else if (agent === 'claude') {
    print({
      type: 'system',
      subtype: 'init',
      session_id: id,
      tools: ['Bash', 'Edit'],
      permissionMode: option('--permission-mode'),
      claude_code_version: '2.1.291',
    });
  } else if (agent === 'gemini') print({ type: 'init', session_id: id, model: 'fake' });
  else if (agent === 'opencode') print({ type: 'step_start', sessionID: id, part: { type: 'step-start' } });
  else if (process.env.FAKE_EVENTS === 'json') print({ type: 'session', id });
}

function tool(text) {
  if (agent === 'codex') {
    print({
      type: 'item.completed',
      item: { id: 'item_1', type: 'command_execution', command: text, exit_code: 0, status: 'completed' },
    });
  } else if (agent === 'claude') {
    print({
      type: 'assistant',
      session_id: session,
      message: { content: [{ type: 'tool_use', id: 't', name: 'Edit', input: {} }] },
    });
  } else if (agent === 'gemini') print({ type: 'tool_use', tool_name: 'write_file', tool_id: 't', parameters: {} });
  else if (agent === 'opencode')
    print({ type: 'tool_use', sessionID: session, part: { tool: 'edit', state: { status: 'completed' } } });
  else if (process.env.FAKE_EVENTS === 'json') print({ type: 'tool', name: text });
}

/** Prints a megabyte, as fast as it is read. */
function spew() {
  const text = 'x'.repeat(1024 * 1024);
  const part = { type: 'reasoning', text };
  const event = { type: 'item.updated', sessionID: session, item: { id: 'item_0', ...part } };
  const plain = !['codex', 'claude', 'gemini', 'opencode'].includes(agent) && process.env.FAKE_EVENTS !== 'json';
  const line = plain ? text : `${JSON.stringify(event)}\n`;
  return new Promise((resolve) => process.stdout.write(line, resolve));
}

function answer(text) {
  const tokens = Number(last('tokens') ?? 100);
  const cost = Number(last('cost') ?? 0.01);
  const half = Math.floor(tokens / 2);
  if (agent === 'codex') {
    print({ type: 'item.completed', item: { id: 'item_2', type: 'agent_message', text } });
    const all = countOn({ read: half, written: tokens - half });
    print({
      type: 'turn.completed',
      usage: {
        input_tokens: all.read,
        cached_input_tokens: 0,
        output_tokens: all.written,
        reasoning_output_tokens: 0,
      },
    });
  } else if (agent === 'claude') {
    print({ type: 'assistant', session_id: session, message: { content: [{ type: 'text', text }] } });
    const usage = { input_tokens: half, output_tokens: tokens - half };
    const all = countOn({ read: half, written: tokens - half, cost });
    const structured = json === undefined ? {} : { structured_output: JSON.parse(json) };
    print({
      type: 'result',
      subtype: 'success',
      is_error: false,
      result: text,
      session_id: session,
      total_cost_usd: all.cost,
      usage,
      modelUsage: { fake: { inputTokens: all.read, outputTokens: all.written, costUSD: all.cost } },
      num_turns: 1,
      permission_denials: [],
      ...structured,
    });
  } else if (agent === 'gemini') {
    print({ type: 'message', role: 'assistant', content: text.slice(0, 5), delta: true });
    print({ type: 'message', role: 'assistant', content: text.slice(5), delta: true });
    print({
      type: 'result',
      status: 'success',
      stats: { total_tokens: tokens, input_tokens: half, output_tokens: tokens - half },
    });
  } else if (agent === 'opencode') {
    print({ type: 'text', sessionID: session, part: { type: 'text', text } });
    print({
      type: 'step_finish',
      sessionID: session,
      part: {
        reason: 'stop',
        cost,
        tokens: { input: half, output: tokens - half, reasoning: 0, cache: { read: 0, write: 0 } },
      },
    });
    print({ type: 'done', sessionID: session, reason: 'idle', rejected: [] });
  } else if (process.env.FAKE_EVENTS === 'json') {
    print({ type: 'usage', input_tokens: half, output_tokens: tokens - half, cost_usd: cost });
    print({ type: 'result', text });
  } else process.stdout.write(`${text}\n`);
}

/** A file about the session. */
function memory(what) {
  const folder = process.env.FAKE_LOG ? path.dirname(process.env.FAKE_LOG) : os.tmpdir();
  return path.join(folder, `fake-agent-${session}.${what}`);
}

function forgottenAs() {
  const file = memory('forgotten');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** What the session has used so far, with this. */
function countOn(used) {
  const file = memory('json');
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const all = Object.fromEntries(Object.entries(used).map(([key, value]) => [key, value + (before[key] ?? 0)]));
  writeFileSync(file, JSON.stringify(all));
  return all;
}

async function fail(text, until) {
  if (agent === 'codex') {
    print({ type: 'error', message: text });
    print({ type: 'turn.failed', error: { message: text } });
  } else if (agent === 'claude') {
    if (until !== undefined) {
      print({
        type: 'rate_limit_event',
        rate_limit_info: { status: 'rejected', resetsAt: Math.ceil(until / 1000) },
        session_id: session,
      });
      print({
        type: 'assistant',
        error: 'rate_limit',
        session_id: session,
        message: { model: '<synthetic>', content: [{ type: 'text', text }] },
      });
    }
    print({
      type: 'result',
      subtype: 'success',
      is_error: true,
      api_error_status: until === undefined ? null : 429,
      result: text,
      session_id: session,
      total_cost_usd: 0,
      usage: {},
      modelUsage: {},
      num_turns: 1,
    });
  } else if (agent === 'gemini')
    print({ type: 'result', status: 'error', error: { type: 'Error', message: text }, stats: {} });
  else if (agent === 'opencode')
    print({ type: 'error', sessionID: session, error: { name: 'APIError', data: { message: text } } });
  else if (process.env.FAKE_EVENTS === 'json') print({ type: 'error', message: text });
  else process.stderr.write(`${text}\n`);
  end(1);
}

/** Ends at once: a real CLI would, too. */
function end(code) {
  process.exitCode = code;
  process.reallyExit(code);
}

function forever() {
  return new Promise(() => setInterval(() => {}, 1000));
}
