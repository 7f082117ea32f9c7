import { z } from 'zod';
import { isMap, valueAt } from '../problems/paths.js';

/** The keys that a schema knows for the map at a path of the document: what a misspelt one is compared with. */
export function knownKeys(path: readonly PropertyKey[], source: unknown, whole: z.ZodType): string[] {
  let schema: unknown = whole;
  for (const [depth, segment] of path.entries()) {
    schema = childSchema(plainSchema(schema, valueAt(source, path.slice(0, depth))), segment);
  }
  const map = plainSchema(schema, valueAt(source, path));
  return map instanceof z.ZodObject ? Object.keys(map.shape) : [];
}

/** The schema of an entry: of a key of a map, or of an index of a list. */
export function childSchema(schema: unknown, segment: PropertyKey): unknown {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<PropertyKey, unknown>)[segment];
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return undefined;
}

/** Takes off what makes a schema optional, and chooses the kind of step that the document names. */
export function plainSchema(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return plainSchema(schema.unwrap(), value);
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const { discriminator } = schema.def;
  const kind = isMap(value) ? value[discriminator] : undefined;
  return schema.options.find((option) => option instanceof z.ZodObject && kindOf(option, discriminator) === kind);
}

function kindOf(option: z.ZodObject, discriminator: string): unknown {
  const type: unknown = option.shape[discriminator];
  return type instanceof z.ZodLiteral ? type.value : undefined;
}
