/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Seconds, fractions allowed; `'none'` means that no limit applies. */
export type Timeout = number | 'none';
