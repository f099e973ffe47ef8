// public-types.mjs: of the declarations that tsc writes, those that users can come by: what the entry points export, and all
// that it is declared with. The rest is a quarter of them, and nobody is shown it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/**
 * @param {string} from  the folder of all declarations
 * @param {string} to    where those go that are left
 * @param {readonly string[]} entries  relative to the folder
 */
export function keepPublicTypes(from, to, entries) {
  const paths = entries.map((entry) => resolve(from, entry));
  const program = ts.createProgram(paths, { module: ts.ModuleKind.NodeNext, skipLibCheck: true, types: [] });
  const own = program.getSourceFiles().filter(({ fileName }) => !relative(from, fileName).startsWith('..'));
  const first = paths.map((path) => program.getSourceFile(path));
  const kept = reachable(program.getTypeChecker(), own, first);
  for (const source of own) {
    if (!first.includes(source) && !source.statements.some((one) => isLed(one, kept))) continue;
    const path = join(to, relative(from, source.fileName));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, textOf(source, kept));
  }
}

/** The statements, and the names of import and export clauses, that lead from the entries to a declaration. */
function reachable(checker, own, entries) {
  const sources = new Set(own);
  const found = new Set();
  const due = [];
  /** The symbol's declarations; of an alias also where it comes from. */
  const take = (symbol) => {
    for (const declaration of symbol?.declarations ?? []) {
      if (!sources.has(declaration.getSourceFile())) continue;
      if (ts.isSourceFile(declaration)) {
        takeExports(declaration); // a whole module: import(...), or `import * as`
        continue;
      }
      let node = declaration;
      while (!ts.isImportSpecifier(node) && !ts.isExportSpecifier(node) && !ts.isSourceFile(node.parent))
        node = node.parent;
      if (found.has(node)) continue;
      found.add(node);
      due.push(node);
    }
    if (symbol && symbol.flags & ts.SymbolFlags.Alias) take(checker.getImmediateAliasedSymbol(symbol));
  };
  const takeExports = (source) => {
    for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(source))) take(symbol);
  };
  for (const entry of entries) takeExports(entry);
  const visit = (node) => {
    if (ts.isIdentifier(node)) take(checker.getSymbolAtLocation(node));
    if (ts.isImportTypeNode(node) && !node.qualifier) take(checker.getSymbolAtLocation(node.argument.literal));
    ts.forEachChild(node, visit);
  };
  for (let node = due.pop(); node; node = due.pop()) visit(node);
  return found;
}

/** What is left of a file. */
function textOf(source, kept) {
  const parts = source.statements
    .filter((one) => isLed(one, kept) || isForAll(one))
    .map((statement) => {
      const { pos, end } = statement;
      const clause = specifiersOf(statement);
      if (!clause) return source.text.slice(pos, end);
      const names = clause.elements.filter((one) => kept.has(one)).map((one) => one.getText());
      return `${source.text.slice(pos, clause.getStart())}{ ${names.join(', ')} }${source.text.slice(clause.end, end)}`;
    });
  // Tabs: a third of the lines begin with spaces.
  return `${parts.join('').trim()}\n`.replace(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / 4));
}

function isLed(statement, kept) {
  return kept.has(statement) || (specifiersOf(statement)?.elements.some((one) => kept.has(one)) ?? false);
}

/** The braces of `import { ... }` or `export { ... }`. */
function specifiersOf(statement) {
  if (ts.isImportDeclaration(statement)) {
    const bindings = statement.importClause?.namedBindings;
    return bindings && ts.isNamedImports(bindings) ? bindings : undefined;
  }
  const clause = ts.isExportDeclaration(statement) ? statement.exportClause : undefined;
  return clause && ts.isNamedExports(clause) ? clause : undefined;
}

/** `import './x.js'`, which adds to what is declared elsewhere, and `export *`. */
function isForAll(statement) {
  if (ts.isImportDeclaration(statement)) return statement.importClause === undefined;
  return ts.isExportDeclaration(statement) && statement.exportClause === undefined;
}
