// A program as the parser sees it, and which of its tokens are the program's own.
//
// TypeScript 7, with which the project compiles, is native and has no JavaScript API; 5.9 is the last with a scanner, a parser
// and a binder to call. It is used for reading alone: what the compiler catches is asked of the version that compiles.
import ts from "typescript-scanner";

export interface ParsedProgram {
  file: ts.SourceFile;
  /** Scanner tokens without trivia that are the program's own. */
  tokens: ts.Node[];
  /** Lines on which one of these tokens lies: neither blank, nor only comment, nor only harness. */
  lines: number;
  /** What an identifier stands for, by the scopes of the language; undefined for globals. */
  symbolOf: (identifier: ts.Identifier) => ts.Symbol | undefined;
  /** Whether a node is no part of the program itself. */
  isHarness: (node: ts.Node) => boolean;
}

/** Parses one program, which may be any TypeScript that stands for itself. */
export function parseProgram(text: string, name = "program.ts"): ParsedProgram {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  // Nothing is resolved beyond the file: the checker is asked for scopes, not for types.
  const options: ts.CompilerOptions = { noLib: true, noResolve: true, target: ts.ScriptTarget.ES2022 };
  const host: ts.CompilerHost = {
    ...{ getSourceFile: (path) => (path === name ? file : undefined), fileExists: (path) => path === name },
    ...{ readFile: () => undefined, writeFile: () => {}, getDefaultLibFileName: () => "", getNewLine: () => "\n" },
    ...{ getCurrentDirectory: () => "", getCanonicalFileName: (path) => path, useCaseSensitiveFileNames: () => true },
  };
  const program = ts.createProgram([name], options, host);
  const [mistake] = program.getSyntacticDiagnostics(file);
  if (mistake) throw new SyntaxError(`${name}: ${ts.flattenDiagnosticMessageText(mistake.messageText, " ")}`);
  const checker = program.getTypeChecker();
  const symbolOf = (identifier: ts.Identifier): ts.Symbol | undefined =>
    ts.isShorthandPropertyAssignment(identifier.parent)
      ? checker.getShorthandAssignmentValueSymbol(identifier.parent)
      : checker.getSymbolAtLocation(identifier);

  const harness = harnessOf(file, symbolOf);
  const isHarness = (node: ts.Node): boolean => {
    const start = node.getStart(file);
    return harness.some(([from, to]) => from <= start && node.end <= to);
  };
  const tokens = tokensOf(file, file).filter((token) => !isHarness(token));
  const lines = new Set<number>();
  for (const token of tokens) {
    const first = file.getLineAndCharacterOfPosition(token.getStart(file)).line;
    // A template may span lines.
    const last = file.getLineAndCharacterOfPosition(token.end).line;
    for (let line = first; line <= last; line++) lines.add(line);
  }
  return { file, tokens, lines: lines.size, symbolOf, isHarness };
}

/** Leaves of the tree: what the scanner gave the parser, templates and `>>` in the parts that the parser asked for. */
function tokensOf(node: ts.Node, file: ts.SourceFile): ts.Node[] {
  if (node.kind === ts.SyntaxKind.EndOfFileToken || node.getWidth(file) === 0 || ts.isJSDoc(node)) return [];
  const children = node.getChildren(file);
  return children.length === 0 ? [node] : children.flatMap((child) => tokensOf(child, file));
}

type Range = readonly [from: number, to: number];

/**
 * What the programs of the articles have only to be run and timed by an experiment, by four rules of syntax:
 * - imports from files beside them;
 * - calls of what these imports give, and the statement, list or property that holds nothing else;
 * - the wrapper `export const program: Program = async (run) => { ... };`, not what is in its braces;
 * - statements that call a method of the wrapper's parameter, as `await run.step(loss);`: an argument that is more than a name
 *   or a literal stays the program's own.
 * The images, the number of epochs and the seed (`run.data`, ...) stand where the original has literals, and stay.
 */
function harnessOf(file: ts.SourceFile, symbolOf: ParsedProgram["symbolOf"]): Range[] {
  const ranges: Range[] = [];
  const hide = (node: ts.Node): void => {
    ranges.push([node.getStart(file), node.end]);
  };
  const imported = new Set<ts.Symbol>();
  let parameter: ts.Symbol | undefined;

  const isImported = (node: ts.Expression): boolean =>
    ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    imported.has(symbolOf(node.expression) as ts.Symbol);
  const visit = (node: ts.Node): void => {
    if (ts.isVariableStatement(node)) {
      const run = wrapperOf(node);
      if (run) {
        const body = run.body as ts.Block;
        const [name] = run.parameters;
        if (name && ts.isIdentifier(name.name)) parameter = symbolOf(name.name);
        ranges.push([node.getStart(file), body.getStart(file) + 1], [body.end - 1, node.end]);
      }
    }
    if (ts.isExpressionStatement(node)) {
      const inner = ts.isAwaitExpression(node.expression) ? node.expression.expression : node.expression;
      if (isImported(inner)) {
        hide(node);
        return;
      }
      if (ts.isCallExpression(inner) && isMethodOf(inner.expression, parameter)) {
        const [first] = inner.arguments;
        if (!first || inner.arguments.every(isPlain)) hide(node);
        else ranges.push([node.getStart(file), first.getStart(file)], [inner.arguments.end, node.end]);
      }
    }
    if (ts.isPropertyAssignment(node)) {
      const { initializer } = node;
      const held = ts.isArrayLiteralExpression(initializer) ? [...initializer.elements] : [initializer];
      if (held.length > 0 && held.every(isImported)) {
        hide(node);
        const after = file.text.slice(node.end).match(/^\s*,/);
        if (after) ranges.push([node.end, node.end + after[0].length]);
        return;
      }
    }
    ts.forEachChild(node, visit);
  };
  const isMethodOf = (callee: ts.Expression, of: ts.Symbol | undefined): boolean =>
    of !== undefined &&
    ts.isPropertyAccessExpression(callee) &&
    ts.isIdentifier(callee.expression) &&
    symbolOf(callee.expression) === of;
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !(statement.moduleSpecifier as ts.StringLiteral).text.startsWith("."))
      continue;
    hide(statement);
    const named = statement.importClause?.namedBindings;
    if (named && ts.isNamedImports(named))
      for (const { name } of named.elements) imported.add(symbolOf(name) as ts.Symbol);
  }
  visit(file);
  return ranges;
}

/** The function of `export const program: Program = async (run) => { ... };`. */
function wrapperOf(statement: ts.VariableStatement): ts.ArrowFunction | undefined {
  const [declaration] = statement.declarationList.declarations;
  const exported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
  const type = declaration?.type;
  const named = type && ts.isTypeReferenceNode(type) && type.typeName.getText() === "Program";
  const value = declaration?.initializer;
  return exported && named && value && ts.isArrowFunction(value) && ts.isBlock(value.body) ? value : undefined;
}

const isPlain = (node: ts.Expression): boolean => ts.isIdentifier(node) || ts.isLiteralExpression(node);
