import type { Language, Node } from 'web-tree-sitter';

type Step =
  | { readonly op: 'field'; readonly id: number; readonly repeat: boolean }
  | { readonly op: 'child'; readonly type: string; readonly repeat: boolean }
  | { readonly op: 'nth'; readonly n: number; readonly repeat: false }
  | { readonly op: 'attribute'; readonly name: string; readonly repeat: false };

/** Alternatives, the first that leads somewhere counts. */
export type NodePath = readonly (readonly Step[])[];

/**
 * `receiver/<parameter_declaration>/type*|name`: steps separated by `/`, alternatives by `|`. A step is a field's
 * name, `<type>` (first child of that type), a number (named child), or `@id` (value of a markup attribute);
 * with `*` it is taken as long as it leads on, also not at all.
 */
export function parsePath(language: Language, text: string): NodePath {
  return text.split('|').map((path) => path.split('/').map((step) => parseStep(language, step)));
}

function parseStep(language: Language, text: string): Step {
  const repeat = text.endsWith('*');
  const name = repeat ? text.slice(0, -1) : text;
  if (/^\d+$/.test(name)) return { op: 'nth', n: Number(name), repeat: false };
  if (name.startsWith('@')) return { op: 'attribute', name: name.slice(1), repeat: false };
  if (name.startsWith('<')) return { op: 'child', type: name.slice(1, -1), repeat };
  const id = language.fieldIdForName(name);
  if (id === null) throw new Error(`symbols.json of ${language.name ?? 'a grammar'}: no field ${name}`);
  return { op: 'field', id, repeat };
}

/** The node a path leads to. `onNode` sees every node on the way, the last included. */
export function followPath(node: Node, path: NodePath, onNode?: (node: Node) => void): Node | undefined {
  for (const steps of path) {
    let at: Node | undefined = node;
    for (const step of steps) {
      at = takeStep(at, step, onNode);
      if (at === undefined) break;
    }
    if (at !== undefined && at !== node) return at;
  }
  return undefined;
}

function takeStep(from: Node, step: Step, onNode?: (node: Node) => void): Node | undefined {
  if (!step.repeat) {
    const to = stepOnce(from, step);
    if (to !== undefined) onNode?.(to);
    return to;
  }
  let at = from;
  for (let i = 0; i < 12; i++) {
    const to = stepOnce(at, step);
    if (to === undefined) break;
    at = to;
    onNode?.(at);
  }
  return at;
}

function stepOnce(from: Node, step: Step): Node | undefined {
  switch (step.op) {
    case 'field':
      return from.childForFieldId(step.id) ?? throughDeclarator(from);
    case 'child':
      return childOfType(from, step.type);
    case 'nth':
      return from.namedChild(step.n) ?? undefined;
    case 'attribute':
      return attributeValue(from, step.name);
  }
}

/** C++ gives some declarators no field for what they wrap. */
const barelyWrapping = new Set(['reference_declarator', 'parenthesized_declarator', 'attributed_declarator']);

function throughDeclarator(from: Node): Node | undefined {
  return barelyWrapping.has(from.type) ? (from.lastNamedChild ?? undefined) : undefined;
}

function childOfType(from: Node, type: string): Node | undefined {
  for (let i = 0; i < from.childCount; i++) {
    const child = from.child(i);
    if (child?.type === type) return child;
  }
  return undefined;
}

function attributeValue(element: Node, name: string): Node | undefined {
  const tag = element.firstNamedChild;
  for (let i = 1; tag !== null && i < tag.namedChildCount; i++) {
    const attribute = tag.namedChild(i);
    if (attribute?.firstNamedChild?.text.toLowerCase() !== name) continue;
    const value = attribute.lastNamedChild;
    return value?.type === 'attribute_name' ? undefined : (value?.firstNamedChild ?? value ?? undefined);
  }
  return undefined;
}
