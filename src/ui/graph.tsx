import type { JSX } from 'preact';
import { memo } from 'preact/compat';
import { useCallback, useRef, useState } from 'preact/hooks';
import type { Drawing, DrawnStep } from './drawing.js';
import { GLYPHS } from './glyphs.js';
import { nextIn, type Way } from './next-in.js';
import type { ShownRun } from './run-state.js';

const WAYS: Readonly<Record<string, Way>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

/**
 * The steps and what each waits for. It is one stop of the Tab key: arrow keys go from step to step, and Enter shows one.
 */
export function Graph({
  run,
  drawing,
  chosen,
  onChoose,
}: {
  run: ShownRun;
  drawing: Drawing | undefined;
  chosen: string | undefined;
  onChoose: (step: string) => void;
}): JSX.Element {
  const [at, setAt] = useState(chosen ?? drawing?.steps[0]?.id);
  const picture = useRef<HTMLDivElement>(null);
  const choose = useCallback((id: string) => {
    setAt(id);
    onChoose(id);
  }, []);
  if (drawing === undefined) return <p class="dim">There are too many steps to draw</p>;
  const { width, height, box } = drawing;
  const go = (event: KeyboardEvent): void => {
    const way = WAYS[event.key];
    const from = drawing.steps.find(({ id }) => id === at) ?? drawing.steps[0];
    if (from === undefined) return;
    if (event.key === 'Enter' || event.key === ' ') onChoose(from.id);
    else if (way === undefined) return;
    else {
      const next = nextIn(drawing.steps, from, way) ?? from;
      setAt(next.id);
      const index = drawing.steps.indexOf(next);
      picture.current?.querySelectorAll('.node')[index]?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
    event.preventDefault();
  };
  const views = new Map(run.steps.map((step) => [step.id, step]));
  const statusOf = (id: string): keyof typeof GLYPHS => views.get(id)?.status ?? 'pending';
  return (
    <>
      <div
        ref={picture}
        class="scroll"
        role="application"
        aria-label={`Graph of the steps. ${at === undefined ? '' : `${at}: ${statusOf(at)}. `}Arrow keys go from step to step, Enter shows one`}
        tabIndex={0}
        onKeyDown={go}
      >
        <svg class="graph" aria-hidden="true" width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
          <Edges edges={drawing.edges} />
          {drawing.steps.map((step) => (
            <Node
              key={step.id}
              step={step}
              box={box}
              status={statusOf(step.id)}
              isAt={step.id === at}
              isChosen={step.id === chosen}
              onChoose={choose}
            />
          ))}
        </svg>
      </div>
      <p class="dim">
        {at !== undefined && !box.named && `${at}: ${statusOf(at)}. `}
        {drawing.edges_left_out > 0 && `${drawing.edges_left_out} edges are not drawn.`}
      </p>
    </>
  );
}

const Edges = memo(({ edges }: { edges: readonly string[] }): JSX.Element => (
  <g class="edges">
    {edges.map((path) => (
      <path key={path} d={path} />
    ))}
  </g>
));

/** Drawn again only where something of it has changed: there may be thousands. */
const Node = memo(
  ({
    step: { id, x, y },
    box: { width, height, named },
    status,
    isAt,
    isChosen,
    onChoose,
  }: {
    step: DrawnStep;
    box: Drawing['box'];
    status: keyof typeof GLYPHS;
    isAt: boolean;
    isChosen: boolean;
    onChoose: (step: string) => void;
  }): JSX.Element => (
    <g
      class={`node ${named ? '' : 'small'} ${status} ${isAt ? 'at' : ''} ${isChosen ? 'chosen' : ''}`}
      onClick={() => onChoose(id)}
    >
      <title>{`${id}: ${status}`}</title>
      <rect x={x} y={y} width={width} height={height} rx={named ? 6 : 3} />
      {named && (
        <text x={x + 10} y={y + height / 2} dominant-baseline="central">
          {`${GLYPHS[status]} ${shorten(id, 21)}`}
        </text>
      )}
    </g>
  ),
);

function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
