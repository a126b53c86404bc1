import type { Language, Node } from 'web-tree-sitter';
import type { Cursor } from './tree-cursor.js';

/** How often a step is taken: once; as long as it leads on, also not at all; once to each node it leads to. */
type Times = 'once' | 'while' | 'each';

export type Step =
  | { readonly op: 'field'; readonly id: number; readonly times: Times }
  | { readonly op: 'child'; readonly type: string; readonly times: Times }
  | { readonly op: 'nth'; readonly n: number; readonly times: 'once' }
  | { readonly op: 'attribute'; readonly name: string; readonly times: 'once' }
  | { readonly op: 'self' | 'parent'; readonly times: 'once' };

/** Alternatives, the first that leads somewhere counts. */
export type NodePath = readonly (readonly Step[])[];

/**
 * `receiver/<parameter_declaration>/type*|name`: steps separated by `/`, alternatives by `|`. A step is a field's
 * name, `<type>` (first child of that type), a number (named child), `.` (the node itself), `..` (what it is in), or `@id` (value of a markup attribute);
 * with `*` it is taken as long as it leads on, also not at all; with `[]` it leads to all such children.
 */
export function parsePath(language: Language, text: string): NodePath {
  return text.split('|').map((path) => path.split('/').map((step) => parseStep(language, step)));
}

function parseStep(language: Language, text: string): Step {
  const times = text.endsWith('*') ? 'while' : text.endsWith('[]') ? 'each' : 'once';
  const name = text.replace(/\*$|\[\]$/, '');
  if (name === '.') return { op: 'self', times: 'once' };
  if (name === '..') return { op: 'parent', times: 'once' };
  if (/^\d+$/.test(name)) return { op: 'nth', n: Number(name), times: 'once' };
  if (name.startsWith('@')) return { op: 'attribute', name: name.slice(1), times: 'once' };
  if (name.startsWith('<')) return { op: 'child', type: name.slice(1, -1), times };
  const id = language.fieldIdForName(name);
  if (id === null) throw new Error(`symbols.json of ${language.name ?? 'a grammar'}: no field ${name}`);
  return { op: 'field', id, times };
}

/** A step that a cursor can take without a node being made. */
export type CursorStep = Extract<Step, { readonly op: 'field' | 'nth' }>;

/** The alternatives of a path that a cursor can follow. */
export function cursorPath(path: NodePath): readonly (readonly CursorStep[])[] | undefined {
  const isFor = (step: Step): step is CursorStep => step.op === 'field' || step.op === 'nth';
  const alternatives = path.flatMap((steps) => (steps.every(isFor) ? [steps] : []));
  return alternatives.length === path.length ? alternatives : undefined;
}

/** How often a step is taken that is taken as long as it leads on. */
export const repeatsMax = 12;

/** Whether a path can lead to several nodes. */
export const hasEach = (path: NodePath): boolean => path.some((steps) => steps.some(({ times }) => times === 'each'));

/** All nodes that a path leads to, each with the nodes on the way to it, itself included. */
export function followAll(node: Node, path: NodePath): { readonly node: Node; readonly way: readonly Node[] }[] {
  for (const steps of path) {
    let reached: { node: Node; way: readonly Node[] }[] = [{ node, way: [] }];
    for (const step of steps) {
      reached = reached.flatMap(({ node: from, way }) => {
        if (step.times === 'each') return eachOf(from, step).map((to) => ({ node: to, way: [...way, to] }));
        const passed: Node[] = [];
        const to = takeStep(from, step, (at) => passed.push(at));
        return to === undefined ? [] : [{ node: to, way: [...way, ...passed] }];
      });
    }
    if (reached.some(({ node: to }) => to !== node)) return reached;
  }
  return [];
}

function eachOf(from: Node, step: Step): Node[] {
  if (step.op === 'field')
    return from.childrenForFieldId(step.id).filter((child): child is Node => child?.isNamed === true);
  return step.op === 'child' ? from.namedChildren.filter((child): child is Node => child?.type === step.type) : [];
}

/**
 * What paths that begin at the parent of a node lead to. It is the same for all children of that, and they may be tens of thousands, so it is
 * looked for once; and a cursor finds the parent, as a node looks for its own from the root on, past all that comes before.
 */
export class ParentPaths {
  private readonly known = new Map<readonly Step[], Reached>();

  /** The cursor is at one of the children. */
  follow(cursor: Cursor, steps: readonly Step[]): Reached {
    let reached = this.known.get(steps);
    if (reached === undefined) {
      const up = cursor.copy();
      try {
        reached = up.gotoParent()
          ? followSteps(up.currentNode, [{ op: 'self', times: 'once' }, ...steps.slice(1)])
          : nowhere;
      } finally {
        up.delete();
      }
      this.known.set(steps, reached);
    }
    return reached;
  }
}

export interface Reached {
  readonly at: Node | undefined;
  /** Every node on the way, the last included. */
  readonly way: readonly Node[];
}

/** The node that a path leads to from a node. `onNode` sees every node on the way, the last included. */
export function followPath(
  node: Node,
  path: NodePath,
  fromParent: (steps: readonly Step[]) => Reached,
  onNode?: (node: Node) => void,
): Node | undefined {
  for (const steps of path) {
    const { at, way } = steps[0]?.op === 'parent' ? fromParent(steps) : followSteps(node, steps);
    if (onNode !== undefined) for (const passed of way) onNode(passed);
    if (at !== undefined && (at !== node || steps[0]?.op === 'self')) return at;
  }
  return undefined;
}

const nowhere: Reached = { at: undefined, way: [] };

function followSteps(node: Node, steps: readonly Step[]): Reached {
  const way: Node[] = [];
  let at: Node | undefined = node;
  for (const step of steps) {
    at = takeStep(at, step, (passed) => way.push(passed));
    if (at === undefined) break;
  }
  return { at, way };
}

function takeStep(from: Node, step: Step, onNode?: (node: Node) => void): Node | undefined {
  if (step.times !== 'while') {
    const to = stepOnce(from, step);
    if (to !== undefined) onNode?.(to);
    return to;
  }
  let at = from;
  for (let i = 0; i < repeatsMax; i++) {
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
      if (endsPaths.has(from.type)) return undefined;
      return from.childForFieldId(step.id) ?? throughDeclarator(from);
    case 'child':
      return childOfType(from, step.type);
    case 'nth':
      return from.namedChild(step.n) ?? undefined;
    case 'self':
      return from;
    case 'parent':
      return from.parent ?? undefined;
    case 'attribute':
      return attributeValue(from, step.name);
  }
}

/** What is their own name: `operator bool`. */
export const endsPaths: ReadonlySet<string> = new Set(['operator_cast']);

/** C++ gives some declarators no field for what they wrap. */
export const barelyWrapping: ReadonlySet<string> = new Set([
  'reference_declarator',
  'parenthesized_declarator',
  'attributed_declarator',
]);

function throughDeclarator(from: Node): Node | undefined {
  return barelyWrapping.has(from.type) ? (from.lastNamedChild ?? undefined) : undefined;
}

/** Children that are asked for by number: each time the parser counts from the first, so a long list is taken as a whole. */
const countedMax = 16;

function childOfType(from: Node, type: string): Node | undefined {
  const count = from.childCount;
  for (let i = 0; i < Math.min(count, countedMax); i++) {
    const child = from.child(i);
    if (child?.type === type) return child;
  }
  return count <= countedMax ? undefined : (from.children.find((child) => child?.type === type) ?? undefined);
}

function attributeValue(element: Node, name: string): Node | undefined {
  for (const attribute of element.firstNamedChild?.namedChildren.slice(1) ?? []) {
    if (attribute?.firstNamedChild?.text.toLowerCase() !== name) continue;
    const value = attribute.lastNamedChild;
    return value?.type === 'attribute_name' ? undefined : (value?.firstNamedChild ?? value ?? undefined);
  }
  return undefined;
}
