// The service that Restate calls: node restate-service.mjs SDK PORT
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';

const [sdk, port] = process.argv.slice(2);
const restate = await import(pathToFileURL(sdk).href);
const { endpoint, service, RestatePromise } = restate.default ?? restate;

const bench = service({
  name: 'bench',
  handlers: {
    async work(context, { layers, concurrency }) {
      const step = () => context.run('step', async () => void (await execa('true')));
      for (const layer of layers) {
        for (let from = 0; from < layer.length; from += concurrency) {
          await RestatePromise.all(layer.slice(from, from + concurrency).map(step));
        }
      }
    },
  },
});
await endpoint().bind(bench).listen(Number(port));
process.stdout.write('ready\n');
