import { ASSIGNMENT_HINTS, ASSIGNMENTS } from './assignments.js';
import { TOKEN_HINTS, TOKEN_SHAPES } from '../plan/model/token-shapes.js';

/** How a private key begins (RFC 7468, and what OpenSSH and OpenSSL write). */
export const KEY_BEGIN = /-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
/** Characters of a private key, at most; a longer one is no key. */
export const KEY_LENGTH = 16_384;

const PRIVATE_KEY = `${KEY_BEGIN.source}(?:[A-Za-z0-9+/=\\s\\\\:,.()]|-(?!-)){0,${KEY_LENGTH}}?-----END (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----`;

/** At least one of these stands in whatever has one of the shapes: to look for them first is many times quicker. */
export const SHAPE_HINTS: readonly string[] = [...TOKEN_HINTS, 'PRIVATE KEY', ...ASSIGNMENT_HINTS];

/** Sources of the regular expressions of all shapes. A group in one is what stands in front of the secret. */
export const SHAPES: readonly string[] = [PRIVATE_KEY, ...TOKEN_SHAPES, ...ASSIGNMENTS];
