// Writes what each operation answers as JSON Schema, from the types of the operation table itself: see src/api/openapi.ts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

export function writeResultSchemas(file) {
  const config = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const entry = join(root, 'src/api/operations.ts');
  const program = ts.createProgram([entry], config.options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry));
  const table = checker.getExportsOfModule(module).find((symbol) => symbol.name === 'operations');
  const schemas = {};
  for (const property of checker.getTypeOfSymbol(table).getProperties()) {
    const operation = checker.getTypeOfSymbol(property);
    const batches = operation.getProperty('batches');
    const method = batches ?? operation.getProperty('run') ?? operation.getProperty('stream');
    const answer = checker.getTypeOfSymbol(method).getCallSignatures()[0].getReturnType();
    // Promise<Result>, AsyncIterable<Item>, or AsyncGenerator<Item[], Rest>.
    const [first, rest] = checker.getTypeArguments(answer);
    schemas[property.name] = schemaOf(checker, batches === undefined ? first : rest);
    if (batches !== undefined) {
      const list = checker.getTypeOfSymbol(operation.getProperty('list')).value;
      const { properties, required } = schemas[property.name];
      properties[list] = schemaOf(checker, first);
      required.push(list);
    }
  }
  writeFileSync(file, JSON.stringify(schemas));
}

/** As much of JSON Schema as answers need: they are plain data. */
function schemaOf(checker, type) {
  const { flags } = type;
  if (flags & ts.TypeFlags.StringLiteral || flags & ts.TypeFlags.NumberLiteral) return { const: type.value };
  if (flags & ts.TypeFlags.BooleanLiteral) return { const: checker.typeToString(type) === 'true' };
  if (flags & ts.TypeFlags.String || flags & ts.TypeFlags.TemplateLiteral) return { type: 'string' };
  if (flags & ts.TypeFlags.Number) return { type: 'number' };
  if (flags & ts.TypeFlags.Boolean) return { type: 'boolean' };
  if (flags & ts.TypeFlags.Null) return { type: 'null' };
  if (type.isUnion()) return unionOf(checker, type.types);
  // Branded strings: `string & { … }`.
  if (type.isIntersection() && type.types.some((part) => part.flags & ts.TypeFlags.String)) return { type: 'string' };
  if (checker.isArrayType(type)) return { type: 'array', items: schemaOf(checker, checker.getTypeArguments(type)[0]) };
  const index = type.getStringIndexType();
  if (index !== undefined) return { type: 'object', additionalProperties: schemaOf(checker, index) };
  const properties = {};
  const required = [];
  for (const property of type.getProperties()) {
    const description = ts.displayPartsToString(property.getDocumentationComment(checker));
    const schema = schemaOf(checker, checker.getTypeOfSymbol(property));
    properties[property.name] = description === '' ? schema : { ...schema, description };
    if (!(property.flags & ts.SymbolFlags.Optional)) required.push(property.name);
  }
  return { type: 'object', properties, required };
}

function unionOf(checker, types) {
  const parts = types.filter((part) => !(part.flags & ts.TypeFlags.Undefined)).map((part) => schemaOf(checker, part));
  if (parts.length === 1) return parts[0];
  const values = parts.filter((part) => 'const' in part).map((part) => part.const);
  const rest = parts.filter((part) => !('const' in part));
  if (values.length > 0) rest.unshift(isBoolean(values) ? { type: 'boolean' } : { enum: values.sort() });
  return rest.length === 1 ? rest[0] : { anyOf: rest };
}

const isBoolean = (values) => values.length === 2 && values.every((value) => typeof value === 'boolean');
