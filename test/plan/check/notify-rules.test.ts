import { describe, expect, test } from 'vitest';
import { readUserConfig } from '../../../src/plan/files/user-config.js';
import { expandNotifier, notifierName } from '../../../src/plan/templates/expand-notifier.js';
import { globalsFiller } from '../../../src/plan/templates/expand-step.js';
import { brief, load, planOf, refuse } from '../sample.js';

const STEPS = '  - {id: a, command: b}\n';
const notify = (entries: string, more = ''): string => planOf(STEPS, `globals:\n${more}  notify:\n${entries}`);
const SECRETS = '  secrets: {HOOK: {env: HOOK_URL}, KEY: {file: key}}\n';

const hookName = (url: string): string => notifierName({ webhook: { url } });
const readConfig = (text: string) => readUserConfig(text, 'config.yaml');

describe('globals.notify', () => {
  test('is absent where nobody is told, and has its lists and its secrets where somebody is', () => {
    expect('notify' in load(planOf(STEPS)).globals).toBe(false);
    expect('notify' in load(planOf(STEPS, 'globals: {notify: []}\n')).globals).toBe(false);
    const plan = load(
      notify(
        `    - {on: failed, webhook: {url: "\${{ secrets.HOOK }}", secret: "\${{ secrets.KEY }}"}}
    - {on: [waiting, waiting], command: [tell, me], env: {A: 1}}
`,
        SECRETS,
      ),
    );
    expect(plan.globals.notify).toEqual({
      notifiers: [
        { on: ['failed'], env: {}, webhook: { url: '${{ secrets.HOOK }}', secret: '${{ secrets.KEY }}' } },
        { on: ['waiting'], command: ['tell', 'me'], env: { A: '1' } },
      ],
      secrets: { HOOK: { env: 'HOOK_URL' }, KEY: { file: 'key' } },
    });
  });

  test.each([
    ['{on: done, command: x}', '6:12 invalid_value globals.notify[0].on[0]'],
    ['{command: x}', '6:7 missing_key globals.notify[0].on'],
    ['{on: failed}', '6:7 missing_key globals.notify[0]'],
    ['{on: failed, command: x, webhook: {url: "https://h"}}', '6:7 conflicting_keys globals.notify[0]'],
    ['{on: failed, webhook: {}}', '6:29 missing_key globals.notify[0].webhook.url'],
    ['{on: failed, webhook: {url: "example.org/x"}}', '6:35 invalid_value globals.notify[0].webhook.url'],
    ['{on: failed, webhook: {url: "ftp://h/x"}}', '6:35 invalid_value globals.notify[0].webhook.url'],
    ['{on: failed, webhook: {url: "https://"}}', '6:35 invalid_value globals.notify[0].webhook.url'],
    ['{on: failed, webhook: {url: "https://a:b@h/x"}}', '6:35 invalid_value globals.notify[0].webhook.url'],
    ['{on: failed, webhook: {url: "https://h", key: x}}', '6:48 unknown_key globals.notify[0].webhook.key'],
    [
      '{on: failed, webhook: {url: "https://h", secret: abcdefgh}}',
      '6:56 invalid_value globals.notify[0].webhook.secret',
    ],
    ['{on: failed, webhook: {url: "https://h"}, env: {A: b}}', '6:49 conflicting_keys globals.notify[0].env'],
    ['{on: failed, webhook: {url: "${{ secrets.HOKO }}"}}', '6:35 unknown_secret globals.notify[0].webhook.url'],
    ['{on: failed, command: [x, "${{ secrets.HOOK }}"]}', '6:33 misplaced_secret globals.notify[0].command[1]'],
    ['{on: failed, command: "x ${{ secrets.HOOK }}"}', '6:29 misplaced_secret globals.notify[0].command'],
    ['{on: failed, command: x, env: {"A=B": c}}', '6:38 invalid_name globals.notify[0].env["A=B"]'],
    ['{on: failed, webhook: {url: "https://${"}}', '6:35 malformed_template globals.notify[0].webhook.url'],
  ])('refuses %s', (entry, problem) => {
    const found = refuse(notify(`    - ${entry}\n`, SECRETS)).filter(({ severity }) => severity === 'error');
    expect(brief(found)).toContain(problem);
    expect(JSON.stringify(found)).not.toMatch(/a:b@|abcdefgh/);
  });

  test('fills in what a run was given, and leaves secrets to the worker', () => {
    const plan = load(
      planOf(
        STEPS,
        `inputs: {room: {default: builds}}
globals:
${SECRETS}  env: {ROOM: "\${room}-1"}
  notify:
    - {on: failed, webhook: {url: "https://h/\${ROOM}/\${{ secrets.HOOK }}", secret: "\${{ secrets.KEY }}"}}
    - {on: failed, command: [tell, "\${ROOM}", "\${{ run.id }}"], env: {T: "$$\${{ secrets.HOOK }}"}}
    - {on: failed, command: 'tell "\${ROOM}"'}
`,
      ),
    );
    const values = { prev: {}, run: { id: 'r1', attempt: 1 } };
    const fill = globalsFiller(plan, { inputs: { room: 'builds' }, env: {}, values });
    const [hook, argv, line] = plan.globals.notify!.notifiers.map((each) => expandNotifier(each, fill));
    expect(hook!.uses).toEqual([
      { path: ['action', 'webhook', 'url'], parts: ['https://h/builds-1/', { secret: 'HOOK' }] },
      { path: ['action', 'webhook', 'secret'], parts: [{ secret: 'KEY' }] },
    ]);
    expect(argv!.action.command).toEqual(['tell', 'builds-1', 'r1']);
    expect(argv!.uses).toEqual([{ path: ['action', 'env', 'T'], parts: ['$', { secret: 'HOOK' }] }]);
    expect(line!.action.command).toBe('tell "${ROOM}"');
  });
});

test('what is called a receiver shows nothing of a URL but where it leads', () => {
  expect(hookName('https://hooks.example.org:8443/T0KEN?x=y')).toBe('webhook https://hooks.example.org:8443');
  expect(hookName('https://h?token=x')).toBe('webhook https://h');
  expect(hookName('${{ secrets.HOOK }}')).toBe('webhook (its URL is in the secret HOOK)');
  expect(hookName('https://${{ secrets.HOST }}/x')).toBe('webhook (its URL is in the secret HOST)');
  expect(hookName('${BASE}/x')).toBe('webhook (its URL is made by a template)');
  expect(notifierName({ command: ['notify-send', 'x'] })).toBe('command notify-send');
  expect(notifierName({ command: 'mail -s "$ORCH_TEXT" me' })).toBe('command mail');
});

describe('the configuration file of a person', () => {
  test('may have the URL and the key as they are, or as secrets', () => {
    const text = `secrets: {KEY: {file: key}}
notify:
  - {on: waiting, webhook: {url: "https://h/T0KEN", secret: abcdefgh}}
  - {on: [failed], webhook: {url: "https://h", secret: "\${{ secrets.KEY }}"}}
`;
    expect(readConfig(text)).toEqual({
      ok: true,
      value: {
        notifiers: [
          { on: ['waiting'], env: {}, webhook: { url: 'https://h/T0KEN', secret: 'abcdefgh' } },
          { on: ['failed'], env: {}, webhook: { url: 'https://h', secret: '${{ secrets.KEY }}' } },
        ],
        secrets: { KEY: { file: 'key' } },
      },
    });
    expect(readConfig('notify: []')).toEqual({ ok: true, value: undefined });
  });

  test.each([
    ['- a', '1:1 not_a_plan -'],
    ['notfiy: []', '1:1 unknown_key notfiy'],
    ['notify: [{on: never, command: x}]', '1:15 invalid_value notify[0].on[0]'],
    ['notify: [{on: failed}]', '1:10 missing_key notify[0]'],
    ['notify: [{on: failed, webhook: {url: "${{ secrets.A }}"}}]', '1:38 unknown_secret notify[0].webhook.url'],
    ['notify: [{on: failed, command: [a, "${HOME}"]}]', '1:36 invalid_value notify[0].command[1]'],
    ['secrets: {A: {}}', '1:14 missing_key secrets.A'],
  ])('is refused where it says %s', (text, problem) => {
    const found = readConfig(text);
    expect(found.ok ? [] : brief(found.error)).toContain(problem);
  });
});
