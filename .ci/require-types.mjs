// require-types.mjs: the types of an entry point for `require`. TypeScript does not let a CommonJS file have the types of an ES
// module, and a copy of all of them would be two hundred kilobytes to install; so this writes one thin file an entry that
// passes on those of the ES module. Types go as they are. A value is declared again, under the type it has there; a class is
// both; a namespace holds the same once more.
import ts from 'typescript';

/**
 * @param {string} entry  the built .d.ts of an ES module
 * @param {string} from   how the file written refers to it, with .js
 * @returns {string} the text of a CommonJS .d.ts
 */
export function requireTypes(entry, from) {
  const program = ts.createProgram([entry], { module: ts.ModuleKind.NodeNext, skipLibCheck: true, types: [] });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
  const names = new Set(exported.map(({ name }) => name));
  const mode = "with { 'resolution-mode': 'import' }";
  return [
    `import type * as m from '${from}' ${mode};`,
    `export type * from '${from}' ${mode};`,
    ...passOn(exported, 'm', 'export declare '),
    '',
  ].join('\n');

  function passOn(symbols, path, keyword) {
    return symbols.flatMap((symbol) => {
      const { name } = symbol;
      const { flags, declarations } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const parameters = declarations?.find((one) => one.typeParameters)?.typeParameters;
      if (flags & ts.SymbolFlags.ValueModule) {
        const inside = checker.getExportsOfModule(checker.getAliasedSymbol(symbol));
        return [`${keyword}namespace ${name} {`, ...passOn(inside, `${path}.${name}`, 'export '), '}'];
      }
      const lines = [];
      if (flags & ts.SymbolFlags.Value) lines.push(`${keyword}const ${name}: typeof ${path}.${name};`);
      // At the top `export type *` has what is only a type.
      if (flags & ts.SymbolFlags.Type && (flags & ts.SymbolFlags.Value || path !== 'm')) {
        const taken = parameters ? `<${parameters.map((one) => parameter(one, parameters)).join(', ')}>` : '';
        const given = parameters ? `<${parameters.map((one) => one.name.text).join(', ')}>` : '';
        lines.push(`export type ${name}${taken} = ${path}.${name}${given};`);
      }
      return lines;
    });
  }

  /** `C extends Tensor | null`, with what it names taken from the ES module. */
  function parameter(node, all) {
    const isOwn = (name) => all.some((one) => one.name.text === name);
    const start = node.getStart();
    let text = node.getText();
    const visit = (part) => {
      ts.forEachChild(part, (child) => {
        if (!ts.isTypeReferenceNode(child)) return visit(child);
        const name = child.typeName.getText();
        if (isOwn(name)) return;
        if (!names.has(name)) throw new Error(`${entry}: a generic type needs "${name}", which has to be exported too`);
        named.push(child.getStart() - start);
        visit(child);
      });
    };
    const named = [];
    visit(node);
    for (const at of named.reverse()) text = `${text.slice(0, at)}m.${text.slice(at)}`;
    return text;
  }
}
