import { isMap, isScalar, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml';
import { reasonOf, StillpointError } from '../errors.js';
import { secret } from '../util/redact.js';
import { explain, type Mistake } from './explain.js';
import { absolutePaths } from './paths.js';
import type { z } from 'zod';

type Fail = (mistakes: { offset: number; message: string }[]) => StillpointError;

/** A YAML file, and what it is read as. */
export interface YamlFile<S extends z.ZodType> {
  schema: S;
  /** Its name in errors. */
  shown: string;
  /** What relative paths are seen from. */
  directory: string;
  /** What to do about a wrong one. */
  hint: string;
}

/**
 * Parses and checks the text of a YAML file. Throws one error (`config`) that names every mistake, in
 * file order, each with file, line and column.
 */
export function parseYamlFile<S extends z.ZodType>(
  text: string,
  { schema, shown, directory, hint }: YamlFile<S>,
): z.infer<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const where = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${shown}:${line}:${col}`;
  };
  const fail: Fail = (mistakes) => {
    const inOrder = mistakes.toSorted((a, b) => a.offset - b.offset);
    const message = inOrder.map((one) => `${where(one.offset)}: ${one.message}`).join('\n');
    return new StillpointError('config', message, { hint });
  };

  if (document.errors.length > 0)
    throw fail(
      document.errors.map(({ pos, message }) => ({
        offset: pos[0],
        message: decapitalize(message),
      })),
    );
  const root = plainValue(document, fail);
  rememberPasswords(root);
  const result = schema.safeParse(absolutePaths(root, schema, directory));
  if (result.success) return result.data;
  throw fail(
    result.error.issues
      .flatMap((issue) => explain(issue, root, schema))
      .filter(isFirstOfItsValue)
      .map((mistake) => ({ offset: offsetOf(document, mistake), message: mistake.message })),
  );
}

function plainValue(document: Document.Parsed, fail: Fail): unknown {
  const dangling: { offset: number; message: string }[] = [];
  visit(document, {
    Alias(_, alias) {
      if (!alias.resolve(document))
        dangling.push({
          offset: alias.range?.[0] ?? 0,
          message: `no anchor "&${alias.source}" before this`,
        });
    },
  });
  if (dangling.length > 0) throw fail(dangling);
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that would grow without bound.
    throw fail([{ offset: 0, message: decapitalize(reasonOf(error)) }]);
  }
}

// One value may be wrong in several ways (0.5 is not whole, and below 1): the first will do.
function isFirstOfItsValue(mistake: Mistake, index: number, all: readonly Mistake[]): boolean {
  if (mistake.on === 'key') return true;
  const place = mistake.path.join('\0');
  return index === all.findIndex((one) => one.on === 'value' && one.path.join('\0') === place);
}

// A key that came by an alias or a merge has no node of its own: the nearest one around it is named.
function offsetOf(document: Document.Parsed, { path, on }: Mistake): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, key] of path.entries()) {
    if (isMap<Node, Node | null>(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (!pair) break;
      const onKey = depth === path.length - 1 && on === 'key';
      offset = (onKey ? pair.key : (pair.value ?? pair.key)).range?.[0] ?? offset;
      node = pair.value;
    } else {
      node = document.getIn(path.slice(0, depth + 1), true) as Node | null;
      offset = node?.range?.[0] ?? offset;
    }
    if (!node) break;
  }
  return offset;
}

function rememberPasswords(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (key === 'password' && (typeof item === 'string' || typeof item === 'number'))
      secret(String(item));
    else rememberPasswords(item);
  }
}

function decapitalize(message: string): string {
  return message.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
}
