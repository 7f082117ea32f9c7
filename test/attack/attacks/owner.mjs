// What makes orch start a second server on one database, or take over what belongs to somebody else.
import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const attacks = [
  { name: 'a lost service.json that starts a second server', run: (rig) => secondServer(rig, rmSync) },
  {
    name: 'a service.json of nonsense that starts a second server',
    run: (rig) => secondServer(rig, (file) => writeFileSync(file, '{"server": {"pid": 1}}')),
  },
  { name: 'a server beside the one that has the database', run: strayServer },
  { name: 'a state folder of another user', run: foreignFolder },
];

const folderOf = (rig) => path.join(rig.state, 'service');

async function secondServer(rig, lose) {
  const file = path.join(folderOf(rig), 'service.json');
  const before = serversOf(rig);
  renameSync(file, `${file}.kept`);
  try {
    writeFileSync(file, '');
    lose(file);
    await rig.orch('up');
    const after = serversOf(rig);
    return after.join() === before.join()
      ? undefined
      : `the servers are ${after.join(', ')}, before ${before.join(', ')}; up said:\n${rig.progress}\nthe server's log:\n${serverLog(rig)}`;
  } finally {
    renameSync(`${file}.kept`, file);
  }
}

/** What the server has said last. */
function serverLog(rig) {
  return readFileSync(path.join(folderOf(rig), 'server.log'), 'utf8')
    .split('\n')
    .slice(-20)
    .join('\n');
}

/** Pids of those whose command line names the database. */
function serversOf(rig) {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`\0${folderOf(rig)}/temporal.db\0`)
      );
    } catch {
      return false;
    }
  });
}

/** Started by hand, past all that orch knows. */
async function strayServer(rig) {
  const { binary } = rig.service().server;
  const args = ['server', 'start-dev', '--headless', '--port', '31999', '--db-filename'];
  const said = await new Promise((resolve) => {
    execFile(binary, [...args, path.join(folderOf(rig), 'temporal.db')], { timeout: 20_000 }, (error, _out, stderr) =>
      resolve(error?.killed ? 'it runs' : stderr),
    );
  });
  return /database is locked/.test(said) ? undefined : said;
}

async function foreignFolder(rig) {
  if (process.getuid?.() !== 0) return rig.skip('only root can give a folder away');
  const state = path.join(rig.root, 'foreign');
  mkdirSync(state);
  chownSync(state, 65_534, 65_534);
  const own = rig.env.ORCH_STATE_DIR;
  rig.env.ORCH_STATE_DIR = state;
  try {
    await rig.orch('up');
    await rig.orch('down');
    return 'the service runs in it';
  } catch (error) {
    return error.message.includes('state_dir_foreign') ? undefined : error.message;
  } finally {
    rig.env.ORCH_STATE_DIR = own;
  }
}
