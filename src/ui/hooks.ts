import { useEffect, useLayoutEffect, useState } from 'preact/hooks';

// What answers a key or an address is there with what is shown: `useEffect` comes after the next paint, which a busy
// machine puts off, and what is typed before it is lost. So that is done by `useLayoutEffect`.

/** Milliseconds between two looks while nobody sees the page. */
const HIDDEN_MS = 10_000;

/**
 * Calls `work` again and again while the component is there, after as many milliseconds as it gives; `undefined` ends it.
 * It must not fail.
 */
export function usePoll(work: () => Promise<number | undefined>, key: string): void {
  useEffect(() => {
    let timer: number | undefined;
    let over = false;
    let working = false;
    const look = async (): Promise<void> => {
      if (working || over) return;
      working = true;
      clearTimeout(timer);
      const pause = await work();
      working = false;
      if (pause === undefined) over = true;
      else if (!over) timer = setTimeout(() => void look(), document.hidden ? HIDDEN_MS : pause);
    };
    const seen = (): void => {
      if (!document.hidden) void look();
    };
    document.addEventListener('visibilitychange', seen);
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [key]);
}

/** The path of the address, which changes when somebody follows a link of the page. */
export function usePath(): string {
  const [path, setPath] = useState(location.pathname);
  useLayoutEffect(() => {
    const changed = (): void => setPath(location.pathname);
    addEventListener('popstate', changed);
    return () => removeEventListener('popstate', changed);
  }, []);
  return path;
}

/** Shows another part of the page. */
export function goTo(path: string): void {
  history.pushState(null, '', path);
  dispatchEvent(new PopStateEvent('popstate'));
  scrollTo(0, 0);
}

/** Sets the title of the window. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}
