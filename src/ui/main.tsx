import { render, type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { usePath } from './hooks.js';
import { Link } from './parts.js';
import { RunList } from './run-list.js';
import { RunPage } from './run-page.js';
import { enter, ServerError } from './server.js';

function App(): JSX.Element {
  const path = usePath();
  const [locked, setLocked] = useState<string>();
  const run = /^\/runs\/([^/]+)$/.exec(path)?.[1];
  const onError = (error: unknown): boolean => {
    const refused = error instanceof ServerError && error.status === 401;
    if (refused) setLocked(error.message);
    return refused;
  };
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <nav class="top" aria-label="orch">
        <Link to="/">
          <strong>orch</strong> runs
        </Link>
      </nav>
      <main id="main">
        {locked !== undefined ? (
          <Locked why={locked} />
        ) : run === undefined ? (
          <RunList onError={onError} />
        ) : (
          <RunPage key={run} runId={decoded(run)} onError={onError} />
        )}
      </main>
    </>
  );
}

function Locked({ why }: { why: string }): JSX.Element {
  return (
    <>
      <h1>This page is locked</h1>
      {why.includes('orch ui') ? (
        <p>
          Open the address that <code>orch ui</code> has printed in its terminal, or run it again. The address holds the
          key to this page, which is a new one whenever the command is started. Afterwards, this link works, too.
        </p>
      ) : (
        <p>{why}</p>
      )}
    </>
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** `/` leads to the search, as in many other lists. */
function focusSearch(event: KeyboardEvent): void {
  const busy = event.target instanceof Element && event.target.closest('input, textarea, select, dialog') !== null;
  if (event.key !== '/' || busy || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector<HTMLInputElement>('[data-search]');
  if (search === null) return;
  event.preventDefault();
  search.focus();
}

addEventListener('keydown', focusSearch);
await enter();
render(<App />, document.querySelector('#page')!);
