import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextDocumentContentChangeEvent } from 'vscode-languageserver-textdocument';
import type { TextDocumentItem } from 'vscode-languageserver/node';
import { pathOfUri } from './file-uri.js';
import { pathBelow, placeOf } from './repository-place.js';
import type { RepositoryPlace } from './repository-place.js';

/** A file that an editor holds in memory. */
export class OpenDocument {
  private cachedBytes: Buffer | null = null;
  private foundPlace: Promise<RepositoryPlace | null> | null = null;

  private constructor(
    /** Null when the document is no file of this machine. */
    readonly path: string | null,
    private text: TextDocument,
  ) {}

  static of({ uri, languageId, version, text }: TextDocumentItem): OpenDocument {
    return new OpenDocument(pathOfUri(uri), TextDocument.create(uri, languageId, version, text));
  }

  update(changes: TextDocumentContentChangeEvent[], version: number): void {
    this.text = TextDocument.update(this.text, changes, version);
    this.cachedBytes = null;
  }

  /** Its content in UTF-8; the same object until it changes. */
  get bytes(): Buffer {
    this.cachedBytes ??= Buffer.from(this.text.getText(), 'utf8');
    return this.cachedBytes;
  }

  /** Where it lies in a work tree, or would once saved; null when in none. */
  place(): Promise<RepositoryPlace | null> {
    this.foundPlace ??= this.path === null ? Promise.resolve(null) : placeOf(this.path);
    return this.foundPlace;
  }

  /** Its path in a work tree, or in a folder without git; null when it is not in there. */
  async pathIn({ root, isPlain }: { readonly root: string; readonly isPlain: boolean }): Promise<string | null> {
    if (isPlain) return this.path === null ? null : pathBelow(root, this.path);
    const place = await this.place();
    return place?.root === root ? place.path : null;
  }
}

/** The documents that are open in the editor, by URI. */
export class OpenDocuments {
  private readonly documents = new Map<string, OpenDocument>();

  open(item: TextDocumentItem): void {
    this.documents.set(item.uri, OpenDocument.of(item));
  }

  /** A change of what is not open is ignored. */
  change(uri: string, changes: TextDocumentContentChangeEvent[], version: number): void {
    this.documents.get(uri)?.update(changes, version);
  }

  close(uri: string): void {
    this.documents.delete(uri);
  }

  /** For when a change was lost: what is on disk is then a better answer than what may be in the buffers. */
  forgetAll(): void {
    this.documents.clear();
  }

  all(): OpenDocument[] {
    return [...this.documents.values()];
  }
}
