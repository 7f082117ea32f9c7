const ROUTER_MODES = ['router_default', 'router_first', 'router_only'] as const;

export type RouterMode = (typeof ROUTER_MODES)[number];

/** Reads the name of a mode: `router_first`, `router-first`, `First`; undefined for what is none. */
export function routerMode(text: string): RouterMode | undefined {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, '_')
    .replace(/^router_?/, '');
  return ROUTER_MODES.find((mode) => mode === `router_${name === '' ? 'default' : name}`);
}
