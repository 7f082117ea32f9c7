import { readFileSync } from 'node:fs';
import { pageFile } from '../package-files.js';

/** A file of the page. */
interface Asset {
  type: string;
  body: Buffer;
}

/** Finds a file of the page by the path of its address. */
export type Assets = (pathname: string) => Asset | undefined;

const TYPES = {
  'page.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/** Reads the files of the page, once: no address leads to any other file. */
export function readAssets(): Assets {
  const files = new Map(
    Object.entries(TYPES).map(([name, type]) => [`/${name}`, { type, body: readFileSync(pageFile(name)) }]),
  );
  // The page finds out by its address what to show.
  return (pathname) => files.get(pathname === '/' || /^\/runs\/[^/]+$/.test(pathname) ? '/page.html' : pathname);
}
