/** The whole style of the page. Colours keep a contrast of 4.5 to 1 against their ground, light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --bg: #fff; --fg: #1b1f24; --dim: #59636e; --line: #d1d9e0; --card: #f6f8fa;
  --success: #1a7f37; --warning: #8a5a00; --failed: #c4242c; --canceled: #8250df; --skipped: #59636e; --running: #0b66c3; }
@media (prefers-color-scheme: dark) { :root { --bg: #0d1117; --fg: #e6edf3; --dim: #9198a1; --line: #3d444d; --card: #151b23;
  --success: #3fb950; --warning: #d6a021; --failed: #ff6a61; --canceled: #ab7df8; --skipped: #9198a1; --running: #58a6ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 16px 64px; max-width: 1200px; background: var(--bg); color: var(--fg);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 32px 0 8px; }
code, pre, td.id, svg text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 8px 24px; margin: 16px 0 0; }
dt { color: var(--dim); font-size: 12px; }
dd { margin: 0; overflow-wrap: anywhere; }
.status { font-weight: 600; }
.success { --c: var(--success); } .warning { --c: var(--warning); } .failed { --c: var(--failed); }
.canceled { --c: var(--canceled); } .skipped, .pending { --c: var(--skipped); } .running, .waiting { --c: var(--running); }
.succeeded { --c: var(--success); } .terminated, .timed_out { --c: var(--failed); } .paused, .quarantined { --c: var(--warning); }
.status, .count { color: var(--c); }
.counts { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 8px 0 0; padding: 0; list-style: none; }
.scroll { overflow: auto; max-height: 70vh; border: 1px solid var(--line); border-radius: 8px; padding: 8px; background: var(--card); }
.note, .dim { color: var(--dim); }
svg { display: block; font-size: 12px; }
svg text { fill: var(--fg); }
.graph .edges path { fill: none; stroke: var(--dim); stroke-opacity: .55; }
.node rect { fill: var(--bg); stroke: var(--c); stroke-width: 1.5; }
.node.small rect { fill: var(--c); fill-opacity: .7; } .node.small.pending rect, .node.small.skipped rect { fill: var(--bg); }
.node.pending rect, .node.skipped rect { stroke-dasharray: 4 3; }
.timeline { display: flex; gap: 8px; }
.timeline .names { flex: none; } .timeline .bars { flex: 1; min-width: 240px; }
.span { fill: var(--c); fill-opacity: .25; stroke: var(--c); stroke-opacity: .6; }
.run { fill: var(--c); fill-opacity: .8; }
line.tick { stroke: var(--line); } text.tick { fill: var(--dim); }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 500; font-size: 12px; white-space: nowrap; }
td.id { overflow-wrap: anywhere; min-width: 120px; } td.number, td.status { white-space: nowrap; }
td.why { overflow-wrap: anywhere; min-width: 180px; }
pre { margin: 4px 0 8px; padding: 8px; max-height: 320px; overflow: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; }
summary { cursor: pointer; }
@media (max-width: 600px) { .timeline .names { width: 110px; } }
@media print { .scroll { max-height: none; } }
`;
