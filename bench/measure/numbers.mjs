// What several rounds come to.

/** @returns `{ median, min, max }`, of numbers that are there; undefined where there are none */
export function spread(numbers) {
  const sorted = numbers.filter(Number.isFinite).toSorted((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  return { median: medianOf(sorted), min: sorted[0], max: sorted.at(-1) };
}

function medianOf(sorted) {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three digits that matter, without an exponent. */
export function short(number) {
  if (number === undefined || !Number.isFinite(number)) return '–';
  if (number === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(number))));
  return number.toFixed(Math.min(digits, 3));
}
