import path from 'node:path';
import { pythonWork } from './python.mjs';

const SCRIPT = `
import json, subprocess, sys
from prefect import flow, task
from prefect.futures import wait
from prefect.task_runners import ThreadPoolTaskRunner

steps, concurrency = json.load(open("steps.json")), int(sys.argv[1])

@task
def step():
    subprocess.run(["true"], check=True)

@flow(task_runner=ThreadPoolTaskRunner(max_workers=concurrency))
def work():
    futures = []
    for before in steps:
        futures.append(step.submit(wait_for=[futures[each] for each in before]))
    wait(futures)
    for each in futures:
        each.result()

work()
`;

/** Prefect with the server that a flow starts for itself, and SQLite. */
export const prefect = {
  name: 'prefect',
  needs: 'prefect',
  prepare: (given) =>
    pythonWork(given, SCRIPT, {
      PREFECT_HOME: path.join(given.folder, 'home'),
      PREFECT_LOGGING_LEVEL: 'ERROR',
      PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
      PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: 'true',
      PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: '120',
    }),
};
