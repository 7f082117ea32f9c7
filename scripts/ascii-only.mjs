/** V8 reads text of one byte a character faster than any other, and keeps half as much of it in memory. */
export function asciiOnly(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
