import { pythonWork } from './python.mjs';

const SCRIPT = `
import asyncio, json, os, sys
from dbos import DBOS

steps, concurrency = json.load(open("steps.json")), int(sys.argv[1])
url = os.environ.get("DBOS_SYSTEM_DATABASE_URL", "sqlite:///dbos.sqlite")
DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR", "run_admin_server": False})

@DBOS.step()
async def step():
    process = await asyncio.create_subprocess_exec("true")
    if await process.wait() != 0:
        raise RuntimeError("the step has failed")

@DBOS.workflow()
async def work():
    free, done = asyncio.Semaphore(concurrency), []
    async def run(before):
        await asyncio.gather(*before)
        async with free:
            await step()
    for before in steps:
        done.append(asyncio.ensure_future(run([done[each] for each in before])))
    await asyncio.gather(*done)

async def main():
    DBOS.launch()
    await work()
    DBOS.destroy()

asyncio.run(main())
`;

/** DBOS Transact for Python, with SQLite, or the database that DBOS_SYSTEM_DATABASE_URL names. */
export const dbos = {
  name: 'dbos',
  needs: 'dbos',
  prepare: (given) => pythonWork(given, SCRIPT),
};
