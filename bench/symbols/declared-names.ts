import ts from 'typescript';

/** What a text of JavaScript or TypeScript declares or assigns by name, as TypeScript's own parser sees it: `name line`, lines from 1. */
export function declaredNames(text: string, path: string): Set<string> {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, kindOf(path));
  const found = new Set<string>();
  const add = (name: ts.Node): void => {
    if (!ts.isIdentifier(name) && !ts.isStringLiteral(name) && !ts.isPrivateIdentifier(name)) return;
    found.add(`${name.text.replace(/^#/, '')} ${file.getLineAndCharacterOfPosition(name.getStart(file)).line + 1}`);
  };
  const visit = (node: ts.Node): void => {
    // Parameters and names of imports are declared too, but nobody calls them definitions.
    const isPassing = ts.isParameter(node) || ts.isImportSpecifier(node) || ts.isImportClause(node);
    const name = isPassing ? undefined : (node as ts.Node & { readonly name?: ts.Node }).name;
    if (name !== undefined && !ts.isPropertyAccessExpression(node)) add(name);
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
      const { left } = node;
      add(ts.isPropertyAccessExpression(left) ? left.name : left);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function kindOf(path: string): ts.ScriptKind {
  if (/\.[mc]?ts$/.test(path)) return ts.ScriptKind.TS;
  return path.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.JSX;
}
