/** What the reference says of a key beyond its schema; everything in Markdown. */
export interface Note {
  /** Instead of the schema's description, which is short and has the default in it. */
  text?: string;
  /** Instead of the type that the schema gives. */
  type?: string;
  limits?: string;
  default?: string;
  /** Where it is required under some condition only. */
  required?: string;
  /** What the key means: what happens, in which order, and what to watch. */
  about?: string;
}
