'use strict';
// Loaded by `--profile` into the worker before its own code, in each of its threads: all of it is profiled, and written to
// $BENCH_PROFILE_DIR as Chromium and speedscope read it. Node 20 takes no --cpu-prof from NODE_OPTIONS.
const { writeFileSync } = require('node:fs');
const { Session } = require('node:inspector');
const path = require('node:path');
const {
  BroadcastChannel,
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
  threadId,
  Worker,
} = require('node:worker_threads');

/** Milliseconds that a thread has for its profile before it is ended. */
const PATIENCE_MS = 5_000;

// A thread does not know yet what it will run, so it is told whose it is.
if (isMainThread) setEnvironmentData('bench-profile', /[/\\]worker(?:-main)?\.m?js$/.test(process.argv[1] ?? ''));
if (getEnvironmentData('bench-profile')) profile(process.env.BENCH_PROFILE_DIR);

function profile(folder) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 500 });
  session.post('Profiler.start');
  let isWritten = false;
  const write = () => {
    if (isWritten) return;
    isWritten = true;
    session.post('Profiler.stop', (error, found) => {
      const name = `${isMainThread ? 'main' : `thread-${threadId}`}.${process.pid}.cpuprofile`;
      if (!error) writeFileSync(path.join(folder, name), JSON.stringify(found.profile));
    });
  };
  process.once('exit', write);
  const channel = new BroadcastChannel('bench-profile');
  channel.unref();
  if (isMainThread) askBeforeTheEnd(channel);
  else answer(channel, write);
}

/** A thread that is terminated hears nothing of it, so it is asked for its profile first. */
function askBeforeTheEnd(channel) {
  const terminate = Reflect.get(Worker.prototype, 'terminate');
  Worker.prototype.terminate = async function () {
    const { threadId: thread } = this;
    const answered = new Promise((resolve) => {
      channel.addEventListener('message', ({ data }) => data.written === thread && resolve());
      setTimeout(resolve, PATIENCE_MS).unref();
    });
    say(channel, { write: thread });
    await answered;
    return terminate.call(this);
  };
}

function answer(channel, write) {
  channel.addEventListener('message', ({ data }) => {
    if (data.write !== threadId) return;
    write();
    say(channel, { written: threadId });
  });
}

function say(channel, message) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window's channel
  channel.postMessage(message);
}
