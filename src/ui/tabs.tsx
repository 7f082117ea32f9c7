import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';

interface Tab {
  id: string;
  title: string;
  show: () => JSX.Element;
}

/** Parts of the page of which one is shown; arrow keys go from one to the next. */
export function Tabs({ tabs }: { tabs: readonly Tab[] }): JSX.Element {
  const [chosen, setChosen] = useState(tabs[0]!.id);
  const list = useRef<HTMLDivElement>(null);
  const go = (event: KeyboardEvent): void => {
    const way = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (way === 0) return;
    event.preventDefault();
    const at = tabs.findIndex(({ id }) => id === chosen);
    const next = tabs[(at + way + tabs.length) % tabs.length]!;
    setChosen(next.id);
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <>
      <div role="tablist" class="tabs" ref={list} onKeyDown={go}>
        {tabs.map(({ id, title }) => (
          <button
            type="button"
            key={id}
            id={`tab-${id}`}
            role="tab"
            aria-selected={id === chosen}
            aria-controls="part"
            tabIndex={id === chosen ? 0 : -1}
            onClick={() => setChosen(id)}
          >
            {title}
          </button>
        ))}
      </div>
      <div id="part" role="tabpanel" aria-labelledby={`tab-${chosen}`}>
        {tabs.find(({ id }) => id === chosen)?.show()}
      </div>
    </>
  );
}
