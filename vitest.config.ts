import { defineConfig } from 'vitest/config';
import { builtSources } from './test/support/built-sources.js';
import SlowFirst from './test/support/slow-first.js';

/** What needs neither a build nor a service, and takes seconds: `npm run test:unit`, `npm run test:watch`. */
const UNIT = [
  'test/{agents,basics,bench,engine,host,journal,loop,plan,secrets,support}/**/*.test.ts',
  'test/activities/agent/*.test.ts',
  'test/activities/notify/*.test.ts',
  'test/activities/command/{group-queue,outputs,powershell,refuse-nul,stream-copies,summary}.test.ts',
  'test/cli/{greedy-options,hyperlinks,log-links,one-check}.test.ts',
  'test/cli/render/*.test.ts',
  'test/cli/ui/{access,page-server,parts,run-list,run-logs,steer-request}.test.ts',
  'test/client/{calls-in-turn,describe,ended-run,follow,force-cancel,prepare,references,rerun,schedule-changes,send-verb,service-errors,why-stuck}.test.ts',
  'test/contract/*.test.ts',
  'test/docs/{cheat-sheet,cli-reference,loop,notifications,pages,schemas,style}.test.ts',
  'test/formats/exec-manifest/*.test.ts',
  'test/formats/pipelines/{check,execution-mode}.test.ts',
  'test/night/checks.test.ts',
  'test/records/{attempt-output,event-file,manifest-head,manifest-text,paths,record-keeper}.test.ts',
  'test/service/{build-id,unit-file,worker-chores}.test.ts',
  'test/temporal/{payload-codec,read-record,schedule-register,used-seals}.test.ts',
  'test/workflows/{agent-step,loop,record,services,signing}/**/*.test.ts',
  'test/worker/{late-answers,park-killers,prune-old}.test.ts',
  'test/workflows/program/{carried,input}.test.ts',
  'test/workflows/run/{fit-steps,intake,notifications,run-locks}.test.ts',
  'test/workflows/steps/{carried-steps,foreach,form-group,lost-hosts,short-items,short-steps,step-runner,sub-run-ends}.test.ts',
];

/** Those of them that take long: random and huge input; and those that replace modules, which wants modules of their own. */
const UNIT_SLOW = [
  'test/cli/one-check.test.ts',
  'test/client/prepare.test.ts',
  'test/contract/{compact-plan,step-result}.test.ts',
  'test/engine/{model,snapshot}.test.ts',
  'test/plan/{hostile,mutations,random-plans}.test.ts',
  'test/plan/expressions/{attacks,in-plans}.test.ts',
  'test/workflows/program/carried.test.ts',
  'test/workflows/record/recorder.test.ts',
];

/**
 * What kills, attacks, waits out the minutes after which a host is lost, or tries one thing in every state that it can
 * meet: as much time as all others take. `npm run test:long`, and CI after the suite.
 */
const LONG = [
  'test/{attack,chaos,night}/*.test.ts',
  'test/cli/agents-{ends,hostile,surroundings}.test.ts',
  'test/cli/loop-{agents,crash,git,older,roles}.test.ts',
  'test/cli/{disk-full,first-message,heavy-plans,other-versions,parked-runs,unasked-runs,unchecked-start,upgrade}.test.ts',
  'test/cli/{run-folders-and-processes,sub-plans-crash}.test.ts',
  'test/cli/{notify,schedules}.test.ts',
  'test/cli/ui/page.test.ts',
  'test/activities/loop/sync-repository.test.ts',
  'test/client/update-limit.test.ts',
  'test/docs/commands.test.ts',
  'test/examples/safe-merge.test.ts',
  'test/process/durable/crashes.test.ts',
  'test/service/{owner,watcher}.test.ts',
  'test/worker/{crash,hosts,record-sink}.test.ts',
  'test/workflows/{continued-agents,first-message,new-history,open-runs}.test.ts',
  'test/workflows/steps/sub-runs.test.ts',
];

/** Tests of what the build made, with a Temporal server. */
const built = { globalSetup: ['test/support/global-setup.ts'], server: { deps: { external: [/\/dist\//] } } };

export default defineConfig({
  test: {
    // A test that kills a worker is to find it dead. The watcher has tests of its own.
    env: { ORCH_WATCHER: 'off' },
    projects: [
      // The files share their modules: to load them for each took longer than the tests do.
      { extends: true, test: { name: 'unit', include: UNIT, exclude: UNIT_SLOW, isolate: false } },
      { extends: true, test: { name: 'unit-slow', include: UNIT_SLOW } },
      {
        extends: true,
        plugins: [builtSources],
        test: {
          ...built,
          name: 'service',
          include: ['test/**/*.test.ts'],
          exclude: [...UNIT, ...LONG],
          isolate: false,
        },
      },
      { extends: true, plugins: [builtSources], test: { ...built, name: 'long', include: LONG } },
    ],
    // Generous: what is tested is what happens, not how fast a loaded machine is.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Tests of real servers and processes wait for most of their time; more at once make them slower on two cores.
    maxWorkers: 4,
    sequence: { sequencer: SlowFirst },
    // A shared machine may stand still for seconds, and some tests kill processes at moments that they choose. One more
    // try there is told in the output; at a desk a test that fails sometimes is to be mended.
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
});
