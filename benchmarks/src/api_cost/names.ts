// Which names of an API a program uses: followed by syntax and scopes, not by types, which takes milliseconds for a program.
import ts from "typescript-scanner";
import type { ParsedProgram } from "./program.js";

/** A call or `new` of something that belongs to the API. */
export interface ApiCall {
  node: ts.CallExpression | ts.NewExpression;
  /** What is called: a path, or a member with a dot before it; undefined for a value, as a layer that is applied. */
  name: string | undefined;
}

export interface ApiNames {
  /** Reached from an import, written out from the module: `keras.layers.Conv2D`, however a program abbreviates it. */
  paths: Set<string>;
  /** Read from values that came out of the API: `.fit` of a model, `.shape` of an array. */
  members: Set<string>;
  /** Keywords handed to the API in an object: `kernel_size`. */
  options: Set<string>;
  calls: ApiCall[];
}

/** Modules whose names are an API's, and how paths into them begin. `@facet/datasets` hands the images over, in every dialect. */
const MODULES: Readonly<Record<string, string>> = {
  "@facet/shims-keras": "keras",
  "@facet/shims-torch": "torch",
  "@facet/shims-jax": "jax",
  "@facet/autograd": "facet",
};

/** What an expression is: part of the API by its path, a value the API gave, a list of such, or a function or an object of the program's. */
type Meaning =
  | { path: string }
  | "value"
  | "list"
  | { does: ts.SignatureDeclaration }
  | { has: ts.TypeLiteralNode }
  | undefined;

/** Names of the API in a program, harness left out. */
export function apiNames(program: ParsedProgram): ApiNames {
  const names: ApiNames = { paths: new Set(), members: new Set(), options: new Set(), calls: [] };
  const follow = follower(program);
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (!program.isHarness(node)) note(node);
    ts.forEachChild(node, visit);
  };
  const note = (node: ts.Node): void => {
    if (isName(node)) {
      const meaning = follow(node);
      if (isPath(meaning) && !isPrefix(node) && !isPlainDestructuring(node)) names.paths.add(meaning.path);
      if (ts.isPropertyAccessExpression(node) && follow(node.expression) === "value" && !isOwnField(node))
        names.members.add(node.name.text);
    }
    // `const { loss } = ...` reads a member as `.loss` does; of a path it only abbreviates.
    if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent) && follow.pattern(node.parent) === "value")
      names.members.add((node.propertyName ?? node.name).getText());
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const meaning = follow(node.expression);
      if (!isPath(meaning) && meaning !== "value") return;
      const member = ts.isPropertyAccessExpression(node.expression) && !isOwnField(node.expression);
      const name = isPath(meaning) ? meaning.path : member ? `.${node.expression.name.text}` : undefined;
      names.calls.push({ node, name });
      for (const argument of node.arguments ?? []) for (const key of keysOf(argument)) names.options.add(key);
    }
  };
  /** A path's use, not the name of a part of a longer path. */
  const isPrefix = (node: ts.Node): boolean => {
    const { parent } = node;
    return (
      (ts.isPropertyAccessExpression(parent) && parent.expression === node && isPath(follow(parent))) ||
      (ts.isQualifiedName(parent) && parent.left === node)
    );
  };
  /** Keys of an object handed over, also of one that a constant holds or that is spread into it. */
  const keysOf = (node: ts.Expression): string[] => {
    if (ts.isAsExpression(node) || ts.isParenthesizedExpression(node)) return keysOf(node.expression);
    if (ts.isArrayLiteralExpression(node)) return node.elements.flatMap(keysOf);
    if (ts.isIdentifier(node)) {
      const declared = program.symbolOf(node)?.valueDeclaration;
      const held = declared && ts.isVariableDeclaration(declared) ? declared.initializer : undefined;
      return held && ts.isObjectLiteralExpression(bare(held)) ? keysOf(held) : [];
    }
    if (!ts.isObjectLiteralExpression(node)) return [];
    return node.properties.flatMap((property) => {
      if (program.isHarness(property)) return [];
      if (ts.isSpreadAssignment(property)) return keysOf(property.expression);
      const nested = ts.isPropertyAssignment(property) ? property.initializer : undefined;
      return [property.name.getText(), ...(nested && !ts.isIdentifier(nested) ? keysOf(nested) : [])];
    });
  };
  visit(program.file);
  // `const F = nn.functional` abbreviates: what other paths go through is a namespace, and no name of its own.
  for (const path of names.paths)
    if ([...names.paths].some((other) => other.startsWith(`${path}.`))) names.paths.delete(path);
  return names;
}

const bare = (node: ts.Expression): ts.Expression =>
  ts.isAsExpression(node) || ts.isParenthesizedExpression(node) ? bare(node.expression) : node;
const isPath = (meaning: Meaning): meaning is { path: string } => typeof meaning === "object" && "path" in meaning;
/** `this.conv1`: a name of the program's own, whatever it holds. */
const isOwnField = (node: ts.PropertyAccessExpression): boolean => node.expression.kind === ts.SyntaxKind.ThisKeyword;

type Name = ts.Identifier | ts.PropertyAccessExpression | ts.QualifiedName;

/** An expression or a type that names something; not the name in a declaration, nor the last part of a longer one. */
function isName(node: ts.Node): node is Name {
  if (ts.isPropertyAccessExpression(node) || ts.isQualifiedName(node)) return true;
  if (!ts.isIdentifier(node)) return false;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  return !("name" in parent && parent.name === node) || ts.isShorthandPropertyAssignment(parent);
}

/** `= keras` in `const { layers } = keras`. */
function isPlainDestructuring({ parent }: ts.Node): boolean {
  return ts.isVariableDeclaration(parent) && ts.isObjectBindingPattern(parent.name);
}

interface Follower {
  (node: ts.Node): Meaning;
  /** What a destructuring pattern takes apart. */
  pattern(node: ts.BindingPattern): Meaning;
}

function follower({ symbolOf }: ParsedProgram): Follower {
  const known = new Map<ts.Node, Meaning>();
  /** What is asked for while it is being worked out, as in `x = relu(x)`, has no meaning of its own. */
  function follow(node: ts.Node): Meaning {
    if (!known.has(node)) {
      known.set(node, undefined);
      known.set(node, meaningOf(node));
    }
    return known.get(node);
  }

  function meaningOf(node: ts.Node): Meaning {
    if (ts.isIdentifier(node)) return declared(symbolOf(node)?.declarations?.[0]);
    if (ts.isPropertyAccessExpression(node)) {
      if (isOwnField(node)) return fieldOf(node);
      return partOf(follow(node.expression), node.name.text);
    }
    if (ts.isQualifiedName(node)) return partOf(follow(node.left), node.right.text);
    if (ts.isElementAccessExpression(node)) return follow(node.expression) === undefined ? undefined : "value";
    if (ts.isNewExpression(node)) return isFromApi(follow(node.expression)) ? "value" : undefined;
    if (ts.isCallExpression(node)) return resultOf(node);
    if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) return { does: node };
    if (ts.isArrayLiteralExpression(node))
      return node.elements.some((item) => isFromApi(follow(item))) ? "list" : undefined;
    if (ts.isConditionalExpression(node)) return follow(node.whenTrue) ?? follow(node.whenFalse);
    const inner =
      ts.isAwaitExpression(node) ||
      ts.isAsExpression(node) ||
      ts.isNonNullExpression(node) ||
      ts.isSpreadElement(node) ||
      ts.isParenthesizedExpression(node);
    return inner ? follow(node.expression) : undefined;
  }

  function partOf(whole: Meaning, name: string): Meaning {
    if (isPath(whole)) return { path: `${whole.path}.${name}` };
    if (typeof whole === "object" && "has" in whole) {
      const member = whole.has.members.find((member) => member.name?.getText() === name);
      return member && ts.isPropertySignature(member) && member.type ? typed(member.type) : undefined;
    }
    return whole === "value" ? "value" : undefined;
  }
  const isFromApi = (meaning: Meaning): boolean => isPath(meaning) || meaning === "value" || meaning === "list";

  function resultOf({ expression, arguments: given }: ts.CallExpression): Meaning {
    const callee = follow(expression);
    if (isPath(callee) || callee === "value") return "value";
    if (typeof callee === "object" && "does" in callee) return returned(callee.does);
    // `[...].map((shape) => facet.zeros(shape))`: a list of what the function gives.
    const [first] = given;
    if (!ts.isPropertyAccessExpression(expression) || !first) return undefined;
    const does = follow(first);
    const makesList = /^(map|flatMap|from)$/.test(expression.name.text) && typeof does === "object" && "does" in does;
    return makesList && isFromApi(returned(does.does)) ? "list" : undefined;
  }

  function returned(does: ts.SignatureDeclaration): Meaning {
    if (does.type) return typed(does.type);
    const body = "body" in does ? (does.body as ts.ConciseBody | undefined) : undefined;
    if (!body) return undefined;
    if (!ts.isBlock(body)) return follow(body);
    const last = body.statements.at(-1);
    return last && ts.isReturnStatement(last) && last.expression ? follow(last.expression) : undefined;
  }

  /** What a type says of what it is given to: a list where it is one, a value where it names something of the API. */
  function typed(type: ts.TypeNode): Meaning {
    const names = (node: ts.Node): boolean =>
      ((ts.isIdentifier(node) || ts.isQualifiedName(node)) && isFromApi(follow(node))) ||
      (ts.forEachChild(node, names) ?? false);
    if (ts.isFunctionTypeNode(type)) return { does: type };
    if (ts.isTypeLiteralNode(type)) return { has: type };
    if (!names(type)) return undefined;
    return ts.isArrayTypeNode(type) || ts.isTupleTypeNode(type) ? "list" : "value";
  }

  function declared(node: ts.Declaration | undefined): Meaning {
    if (!node) return undefined;
    if (ts.isNamespaceImport(node)) return moduleOf(node.parent.parent);
    if (ts.isImportSpecifier(node))
      return partOf(moduleOf(node.parent.parent.parent), (node.propertyName ?? node.name).text);
    if (ts.isBindingElement(node)) {
      const whole = pattern(node.parent);
      if (ts.isArrayBindingPattern(node.parent)) return isFromApi(whole) ? "value" : undefined;
      return partOf(whole, (node.propertyName ?? node.name).getText());
    }
    if (ts.isVariableDeclaration(node)) return held(node);
    if (ts.isParameter(node)) return node.type ? typed(node.type) : handed(node);
    if (ts.isPropertyDeclaration(node))
      return node.initializer ? follow(node.initializer) : node.type && typed(node.type);
    if (ts.isTypeAliasDeclaration(node)) return typed(node.type);
    if (ts.isFunctionDeclaration(node)) return { does: node };
    // A class of the program that extends one of the API makes values of the API.
    if (ts.isClassDeclaration(node)) {
      const base = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
      return base && isFromApi(follow(base.expression)) ? "value" : undefined;
    }
    return undefined;
  }

  function held(node: ts.VariableDeclaration): Meaning {
    if (node.type) return typed(node.type);
    if (node.initializer) return follow(node.initializer);
    const loop = node.parent.parent;
    return ts.isForOfStatement(loop) && isFromApi(follow(loop.expression)) ? "value" : undefined;
  }

  /** A parameter without a type gets what its function's caller hands it: the API, or a list of its values. */
  function handed(node: ts.ParameterDeclaration): Meaning {
    const call = node.parent.parent;
    if (!ts.isCallExpression(call)) return undefined;
    const callee = follow(call.expression);
    const ofList = ts.isPropertyAccessExpression(call.expression) && follow(call.expression.expression) === "list";
    return ofList || isPath(callee) || callee === "value" ? "value" : undefined;
  }

  function pattern(node: ts.BindingPattern): Meaning {
    const { parent } = node;
    return ts.isVariableDeclaration(parent) ? held(parent) : declared(parent);
  }

  function fieldOf(node: ts.PropertyAccessExpression): Meaning {
    const owner = ts.findAncestor(node, ts.isClassDeclaration);
    const field = owner?.members.find((member) => member.name?.getText() === node.name.text);
    return field && ts.isPropertyDeclaration(field) ? declared(field) : undefined;
  }

  return Object.assign(follow, { pattern });
}

function moduleOf({ moduleSpecifier }: { moduleSpecifier: ts.Expression }): Meaning {
  const path = MODULES[(moduleSpecifier as ts.StringLiteral).text];
  return path === undefined ? undefined : { path };
}
