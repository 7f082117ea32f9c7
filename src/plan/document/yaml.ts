import { Composer, Lexer, Parser, type CST, type Document } from 'yaml';
import { MAX_DEPTH, type Fault, type ReadResult } from './faults.js';
import { yamlFaults } from './yaml-faults.js';
import { yamlLocator } from './yaml-locator.js';
import { yamlValue } from './yaml-value.js';

/** Errors after which reading stops: one broken quote makes thousands. */
const MAX_FAULTS = 100;
/** The library reads half a million of these a second; a plan of ten thousand steps has 800,000. */
const MAX_LEXEMES = 1_500_000;

/** Reads YAML, with the limits that the library lacks: one document, bounded depth, size and errors. */
export function readYaml(text: string): ReadResult {
  const tokens = readTokens(text);
  if ('faults' in tokens) return tokens;
  const document = composeOne(tokens.tokens);
  const faults = yamlFaults(document.errors.slice(0, MAX_FAULTS), text);
  if (faults.length > 0) return { faults };
  const converted = yamlValue(document.contents);
  if ('faults' in converted) return converted;
  const { value, targets } = converted;
  return { document: { value, locator: () => yamlLocator(document.contents, targets) } };
}

/** Syntax tokens of the one document. Depth is watched here, before the library composes nodes by recursion. */
function readTokens(text: string): { tokens: CST.Token[] } | { faults: Fault[] } {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let documents = 0;
  let errors = 0;
  let lexemes = 0;
  const take = (produced: Iterable<CST.Token>): Fault | undefined => {
    for (const token of produced) {
      tokens.push(token);
      if (token.type === 'error') errors += 1;
      if (token.type !== 'document') continue;
      documents += 1;
      if (documents > 1) return secondDocument(token.offset);
    }
    return undefined;
  };
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    const fault = take(parser.next(lexeme)) ?? tooLarge(lexemes, parser);
    if (fault !== undefined) return { faults: [fault] };
    if (errors > MAX_FAULTS) break;
  }
  const fault = take(parser.end());
  return fault === undefined ? { tokens } : { faults: [fault] };
}

function secondDocument(offset: number): Fault {
  return {
    code: 'multiple_documents',
    message: 'a second YAML document starts here',
    offset,
    hint: 'a plan is one document; put the other one in a file of its own',
  };
}

function tooLarge(lexemes: number, parser: Parser): Fault | undefined {
  // The document itself stands on the stack too.
  if (parser.stack.length > MAX_DEPTH + 2) {
    return { code: 'too_deep', message: `nested more than ${MAX_DEPTH} levels deep`, offset: parser.offset };
  }
  if (lexemes <= MAX_LEXEMES) return undefined;
  return {
    code: 'too_complex',
    message: 'the document is too large for YAML',
    offset: parser.offset,
    hint: 'write it as JSON, which is read many times faster',
  };
}

function composeOne(tokens: readonly CST.Token[]): Document.Parsed {
  // Keys are compared by ourselves: the library compares each with each.
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false });
  for (const document of composer.compose(tokens, true)) return document;
  throw new Error('Internal error: no YAML document was composed');
}
