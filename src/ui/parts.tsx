import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { GLYPHS } from './glyphs.js';
import { goTo } from './hooks.js';
import { ServerError } from './server.js';

/** A link to another part of the page; with a modifier key it opens as the browser does. */
export function Link({ to, children }: { to: string; children: ComponentChildren }): JSX.Element {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <a href={to} onClick={follow}>
      {children}
    </a>
  );
}

/** A status, as a word and a sign. */
export function Status({ status }: { status: string }): JSX.Element {
  const glyph = GLYPHS[status as keyof typeof GLYPHS];
  return (
    <span class={`status ${status}`}>
      {glyph !== undefined && <span aria-hidden="true">{glyph} </span>}
      {status.replace('_', ' ')}
    </span>
  );
}

/** What went wrong, and what to do. */
export function Trouble({ error }: { error: unknown }): JSX.Element | null {
  if (error === undefined) return null;
  const hint = error instanceof ServerError ? error.hint : undefined;
  return (
    <p class="trouble" role="alert">
      {messageOf(error)}
      {hint !== undefined && <span class="dim"> {hint}</span>}
    </p>
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Something went wrong';
}

/** A window in front of the page. Escape closes it. */
export function Dialog({
  title,
  action,
  onClose,
  children,
}: {
  title: string;
  /** The button beside the one that leaves things as they are. */
  action: JSX.Element;
  onClose: () => void;
  children: ComponentChildren;
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-label={title}>
      <h2>{title}</h2>
      {children}
      <div class="buttons">
        {action}
        <button type="button" onClick={onClose}>
          Leave it
        </button>
      </div>
    </dialog>
  );
}

/** A button that does something, says what came of it by `onDone`, and shows what went wrong. */
export function Doing<T>({
  children,
  work,
  onDone,
  onError,
  ...rest
}: {
  children: ComponentChildren;
  work: () => Promise<T>;
  onDone: (value: T) => void;
  onError: (error: unknown) => void;
} & Pick<JSX.IntrinsicElements['button'], 'class' | 'title' | 'disabled' | 'autofocus'>): JSX.Element {
  const [busy, setBusy] = useState(false);
  const run = (): void => {
    setBusy(true);
    work()
      .then(onDone, onError)
      .finally(() => setBusy(false));
  };
  return (
    <button type="button" {...rest} disabled={busy || rest.disabled === true} aria-busy={busy} onClick={run}>
      {children}
    </button>
  );
}

/** Which part of a long list is shown. */
export function Pages({
  page,
  size,
  total,
  onPage,
}: {
  page: number;
  size: number;
  total: number;
  onPage: (page: number) => void;
}): JSX.Element | null {
  if (total <= size) return null;
  const last = Math.ceil(total / size) - 1;
  const shown = `${page * size + 1} to ${Math.min(total, (page + 1) * size)} of ${total}`;
  return (
    <nav class="pages" aria-label="Pages">
      <button type="button" disabled={page === 0} onClick={() => onPage(page - 1)}>
        Previous
      </button>
      <span>{shown}</span>
      <button type="button" disabled={page >= last} onClick={() => onPage(page + 1)}>
        Next
      </button>
    </nav>
  );
}
