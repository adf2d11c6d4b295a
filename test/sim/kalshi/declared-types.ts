// Holds values against the types that the official client declares for them: its .d.ts files, read
// by the TypeScript compiler.
import { createRequire } from 'node:module';
import ts from 'typescript';

const DECLARATIONS = createRequire(import.meta.url)
  .resolve('kalshi-typescript')
  .replace(/\.js$/, '.d.ts');

const program = ts.createProgram([DECLARATIONS], {
  strict: true,
  skipLibCheck: true,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
});
const checker = program.getTypeChecker();
const root = checker.getSymbolAtLocation(program.getSourceFile(DECLARATIONS)!)!;
const exported = new Map(checker.getExportsOfModule(root).map((symbol) => [symbol.name, symbol]));

/** What is wrong with the value as one of this interface, a line each; empty when nothing is. */
export function problemsOf(interfaceName: string, value: unknown): string[] {
  const symbol = exported.get(interfaceName);
  if (symbol === undefined) throw new Error(`the client declares no ${interfaceName}`);
  const problems: string[] = [];
  check(checker.getDeclaredTypeOfSymbol(aliased(symbol)), value, interfaceName, problems);
  return problems;
}

function aliased(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function check(type: ts.Type, value: unknown, path: string, problems: string[]): void {
  if (type.isUnion()) {
    const fits = type.types.some((each) => {
      const inner: string[] = [];
      check(each, value, path, inner);
      return inner.length === 0;
    });
    if (!fits) problems.push(`${path} is ${show(value)}, not ${checker.typeToString(type)}`);
    return;
  }
  if (type.flags & ts.TypeFlags.Object && !checker.isArrayType(type)) {
    if (typeof value !== 'object' || value === null) {
      problems.push(`${path} is ${show(value)}, not ${checker.typeToString(type)}`);
      return;
    }
    for (const property of checker.getPropertiesOfType(type)) {
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const inner = (value as Record<string, unknown>)[property.name];
      if (inner === undefined && isOptional) continue;
      check(checker.getTypeOfSymbol(property), inner, `${path}.${property.name}`, problems);
    }
    return;
  }
  if (checker.isArrayType(type)) {
    const [element] = checker.getTypeArguments(type as ts.TypeReference);
    if (!Array.isArray(value)) problems.push(`${path} is ${show(value)}, not an array`);
    else
      for (const [at, each] of value.entries()) check(element!, each, `${path}[${at}]`, problems);
    return;
  }
  if (!isPrimitive(type, value)) {
    problems.push(`${path} is ${show(value)}, not ${checker.typeToString(type)}`);
  }
}

function isPrimitive(type: ts.Type, value: unknown): boolean {
  if (type.isLiteral()) return value === type.value;
  if (type.flags & ts.TypeFlags.BooleanLiteral) return String(value) === checker.typeToString(type);
  if (type.flags & ts.TypeFlags.Null) return value === null;
  if (type.flags & ts.TypeFlags.Undefined) return value === undefined;
  if (type.flags & ts.TypeFlags.String) return typeof value === 'string';
  if (type.flags & ts.TypeFlags.Number) return typeof value === 'number';
  if (type.flags & ts.TypeFlags.NonPrimitive) return typeof value === 'object' && value !== null;
  throw new Error(`a kind of type that is not checked: ${checker.typeToString(type)}`);
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 60);
}
