/** A list whose entries are made when somebody looks at them: most of a hundred thousand are not looked at. */
export interface LazyList<T> {
  list: T[];
  /** The entry at a place, if it has been made. */
  made: (place: number) => T | undefined;
}

/** @param make the entry at a place, once */
export function lazyList<T extends object>(length: number, make: (place: number) => T): LazyList<T> {
  const entries = Array.from<T | undefined>({ length });
  const look = (key: string | symbol): void => {
    if (typeof key !== 'string' || !isPlace(key)) return;
    const place = +key;
    if (place < length) entries[place] ??= make(place);
  };
  const list = new Proxy(entries as T[], {
    get(target, key) {
      look(key);
      return target[key as unknown as number];
    },
    getOwnPropertyDescriptor(target, key) {
      look(key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
  return { list, made: (place) => entries[place] };
}

/** The other keys of a list are names of methods, and `length`. */
function isPlace(key: string): boolean {
  return key >= '0' && key < ':';
}
