import { dirname, join, resolve } from 'node:path';

import ts from 'typescript';

// Which property names only the library itself knows, so that a bundle may shorten them.

/** These name what travels, or what a platform gives: shortened, nobody would understand them. */
const WIRE_FILES = [/\/protocol\/messages\.ts$/];

/**
 * The property names that are declared in `files`, and mean something nowhere else: not to those who use `entry`, not on
 * the wire, not to the platform or a package.
 */
export function internalNames(root, entry, files) {
  const config = join(root, 'tsconfig.json');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile).config,
    ts.sys,
    dirname(config),
  );
  const program = ts.createProgram([resolve(root, entry)], options);
  const checker = program.getTypeChecker();
  const own = new Set(files.map((file) => resolve(root, file)));
  const isOurs = (symbol) =>
    symbol?.declarations?.some((each) => each.getSourceFile().fileName.startsWith(root + '/libs/')) ?? false;

  const declared = new Set();
  const known = new Set();

  const visit = (node) => {
    if (isMember(node)) declared.add(node.name.text);
    if (ts.isPropertyAccessExpression(node)) {
      if (!isOurs(checker.getSymbolAtLocation(node.name))) known.add(node.name.text);
    } else if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
      const name = node.propertyName ?? node.name;
      const type = checker.getTypeAtLocation(node.parent);
      if (ts.isIdentifier(name) && !isOurs(type.getProperty(name.text))) known.add(name.text);
    } else if (ts.isObjectLiteralExpression(node)) {
      const expected = checker.getContextualType(node);
      for (const { name } of node.properties) {
        if (name === undefined || expected === undefined) continue;
        if (!isOurs(propertyOf(expected, name.text))) known.add(name.text);
      }
    } else if (ts.isClassLike(node)) {
      for (const { types } of node.heritageClauses ?? []) {
        for (const type of types) {
          for (const property of checker.getTypeAtLocation(type).getProperties()) {
            if (!isOurs(property)) known.add(property.name);
          }
        }
      }
    } else if (ts.isStringLiteralLike(node) && isKey(node)) {
      known.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  for (const source of program.getSourceFiles()) {
    if (!own.has(source.fileName)) continue;
    visit(source);
    if (WIRE_FILES.some((wire) => wire.test(source.fileName))) {
      const keep = (node) => {
        if (isMember(node)) known.add(node.name.text);
        ts.forEachChild(node, keep);
      };
      keep(source);
    }
  }

  const seen = new Set();
  const publish = (type) => {
    if (seen.has(type)) return;
    seen.add(type);
    if (type.isUnionOrIntersection()) for (const each of type.types) publish(each);
    for (const each of checker.getTypeArguments?.(type.target ? type : {}) ?? []) publish(each);
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      publish(signature.getReturnType());
      for (const parameter of signature.getParameters()) publish(checker.getTypeOfSymbol(parameter));
    }
    for (const property of type.getProperties()) {
      if (!isOurs(property) || property.declarations.some(isPrivate)) continue;
      known.add(property.name);
      publish(checker.getTypeOfSymbol(property));
    }
  };
  const index = program.getSourceFile(resolve(root, entry));
  for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(index))) {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    publish(checker.getDeclaredTypeOfSymbol(target));
    publish(checker.getTypeOfSymbol(target));
  }
  return [...declared].filter((name) => !known.has(name));
}

function isMember(node) {
  return (
    (ts.isClassElement(node) ||
      ts.isTypeElement(node) ||
      ts.isObjectLiteralElementLike(node) ||
      (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent))) &&
    node.name !== undefined &&
    ts.isIdentifier(node.name)
  );
}

/** `'name' in value`, `value['name']` */
function isKey(text) {
  const { parent } = text;
  const isAsked = ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InKeyword;
  return isAsked || ts.isElementAccessExpression(parent);
}

function isPrivate(declaration) {
  return (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private) !== 0;
}

/** Of a union: the property of whichever member has it. */
function propertyOf(type, name) {
  if (!type.isUnion()) return type.getProperty(name);
  return type.types.map((each) => each.getProperty(name)).find((found) => found !== undefined);
}
