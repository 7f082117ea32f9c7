/** Characters of one text in the memo of a run. */
export const MEMO_CHARS = 256;
/** Tags in it. */
const MEMO_TAGS = 50;

/** What lists of runs show of a plan's metadata, which may be of any size: a memo of 2 MB would refuse the start. */
export function memoOf({ project, tags }: { project?: unknown; tags?: unknown }): Record<string, unknown> {
  return {
    ...(project === undefined ? {} : { project: textOf(project) }),
    ...(tags === undefined ? {} : { tags: Array.isArray(tags) ? tags.slice(0, MEMO_TAGS).map(textOf) : textOf(tags) }),
  };
}

/** Other values stay as they are where they are short. */
function textOf(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, MEMO_CHARS);
  const text = JSON.stringify(value) ?? '';
  return text.length <= MEMO_CHARS ? value : text.slice(0, MEMO_CHARS);
}
