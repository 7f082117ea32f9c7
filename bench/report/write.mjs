// Tables for a terminal and for Markdown.

/** Columns below each other; numbers to the right. */
export function asText(tables) {
  return tables.map((table) => `${table.title}\n${columns(table)}\n`).join('\n');
}

/** A heading and a table each. */
export function asMarkdown(tables) {
  return tables
    .map(({ title, head, rows }) => `### ${title}\n\n${[head, ruler(head), ...rows].map(markdownRow).join('\n')}\n`)
    .join('\n');
}

function columns({ head, rows }) {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  const line = (row) =>
    row.map((cell, i) => (isNumber(rows, i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ');
  return [head, ...rows].map((row) => `  ${line(row).trimEnd()}`).join('\n');
}

function isNumber(rows, column) {
  return rows.every((row) => /^(?:[\d.–]*|NaN)$/.test(row[column]));
}

function ruler(head) {
  return head.map(() => '---');
}

function markdownRow(cells) {
  return `| ${cells.join(' | ')} |`;
}
