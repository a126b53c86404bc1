import type { Node, Tree, TreeCursor } from 'web-tree-sitter';
import { CoppiceError } from '../base/index.js';

/** What a walk needs of a tree's cursor. */
export type Cursor = Pick<
  TreeCursor,
  | 'nodeTypeId'
  | 'nodeIsNamed'
  | 'currentFieldId'
  | 'startIndex'
  | 'endIndex'
  | 'currentNode'
  | 'gotoFirstChild'
  | 'gotoNextSibling'
  | 'gotoParent'
  | 'delete'
> & { copy(): Cursor };

type OfTree = (tree: number) => number;

/** Functions of tree-sitter's WebAssembly: they take the tree's address, and the cursor from the transfer buffer. */
export interface CursorExports {
  /** Tells where the transfer buffer is. */
  readonly ts_init: () => number;
  readonly ts_tree_cursor_goto_first_child_wasm: OfTree;
  readonly ts_tree_cursor_goto_next_sibling_wasm: OfTree;
  readonly ts_tree_cursor_goto_parent_wasm: OfTree;
  readonly ts_tree_cursor_current_node_type_id_wasm: OfTree;
  readonly ts_tree_cursor_current_node_is_named_wasm: OfTree;
  readonly ts_tree_cursor_current_field_id_wasm: OfTree;
  readonly ts_tree_cursor_start_index_wasm: OfTree;
  readonly ts_tree_cursor_end_index_wasm: OfTree;
}

/** What the package keeps of a cursor, and of a tree: four words, and an address. */
interface Handles {
  readonly handles: [number, number, number, number];
}
type Address = { readonly 0: number };

/**
 * The package's cursor, but for the calls that a walk makes of each node: there each of the four words goes in and out through a
 * function that looks at a type's name, which takes longer than the step itself.
 */
export class ByteCursor implements Cursor {
  private readonly handles: Handles['handles'];
  private readonly address: number;
  private readonly at: number;
  private words: Int32Array;

  constructor(
    private readonly exports: CursorExports,
    private readonly memory: { readonly buffer: ArrayBuffer },
    private readonly transferAt: number,
    private readonly tree: Tree,
    private readonly inner: TreeCursor = tree.walk(),
  ) {
    this.handles = (inner as unknown as Handles).handles;
    this.address = (tree as unknown as Address)[0];
    this.at = transferAt / 4;
    this.words = new Int32Array(memory.buffer);
  }

  get nodeTypeId(): number {
    this.put();
    return this.exports.ts_tree_cursor_current_node_type_id_wasm(this.address);
  }

  get nodeIsNamed(): boolean {
    this.put();
    return this.exports.ts_tree_cursor_current_node_is_named_wasm(this.address) === 1;
  }

  get currentFieldId(): number {
    this.put();
    return this.exports.ts_tree_cursor_current_field_id_wasm(this.address);
  }

  get startIndex(): number {
    this.put();
    return this.exports.ts_tree_cursor_start_index_wasm(this.address);
  }

  get endIndex(): number {
    this.put();
    return this.exports.ts_tree_cursor_end_index_wasm(this.address);
  }

  get currentNode(): Node {
    return this.inner.currentNode;
  }

  gotoFirstChild(): boolean {
    this.put();
    return this.took(this.exports.ts_tree_cursor_goto_first_child_wasm(this.address));
  }

  gotoNextSibling(): boolean {
    this.put();
    return this.took(this.exports.ts_tree_cursor_goto_next_sibling_wasm(this.address));
  }

  gotoParent(): boolean {
    this.put();
    return this.took(this.exports.ts_tree_cursor_goto_parent_wasm(this.address));
  }

  copy(): Cursor {
    return new ByteCursor(this.exports, this.memory, this.transferAt, this.tree, this.inner.copy());
  }

  delete(): void {
    this.inner.delete();
  }

  private put(): void {
    // Memory that has grown is another buffer.
    if (this.words.length === 0) this.words = new Int32Array(this.memory.buffer);
    const { words, handles, at } = this;
    words[at] = handles[0];
    words[at + 1] = handles[1];
    words[at + 2] = handles[2];
    words[at + 3] = handles[3];
  }

  private took(result: number): boolean {
    if (this.words.length === 0) this.words = new Int32Array(this.memory.buffer);
    const { words, handles, at } = this;
    handles[0] = words[at]!;
    handles[1] = words[at + 1]!;
    handles[2] = words[at + 2]!;
    handles[3] = words[at + 3]!;
    return result === 1;
  }
}

/** Throws unless what a cursor at a tree's root reads is what the package's node says, there and a step below. */
export function checkCursor(cursor: Cursor): void {
  for (let isThere = true, steps = 0; isThere && steps < 2; steps++, isThere = cursor.gotoFirstChild()) {
    const { nodeTypeId, startIndex, endIndex, currentNode } = cursor;
    if (nodeTypeId !== currentNode.typeId || startIndex !== currentNode.startIndex || endIndex !== currentNode.endIndex)
      throw new CoppiceError('INTERNAL', 'this version of web-tree-sitter keeps its cursors otherwise than expected');
  }
}
