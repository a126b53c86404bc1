import { SymbolKind } from 'vscode-languageserver/node';
import type * as model from '../../model/index.js';

/** Our kinds as the protocol's, which has a fixed list: the nearest, where it has no such kind. */
export const protocolSymbolKinds: Readonly<Record<model.SymbolKind, SymbolKind>> = {
  class: SymbolKind.Class,
  struct: SymbolKind.Struct,
  interface: SymbolKind.Interface,
  trait: SymbolKind.Interface,
  enum: SymbolKind.Enum,
  type: SymbolKind.Class,
  function: SymbolKind.Function,
  method: SymbolKind.Method,
  constructor: SymbolKind.Constructor,
  property: SymbolKind.Property,
  field: SymbolKind.Field,
  constant: SymbolKind.Constant,
  variable: SymbolKind.Variable,
  macro: SymbolKind.Function,
  module: SymbolKind.Module,
  namespace: SymbolKind.Namespace,
  impl: SymbolKind.Object,
  section: SymbolKind.String,
  key: SymbolKind.Key,
  rule: SymbolKind.Event,
  element: SymbolKind.Object,
  test: SymbolKind.Method,
};
