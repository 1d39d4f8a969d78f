import { dirname, join, resolve } from 'node:path';

import ts from 'typescript';

// Which property names only the library itself knows, so that a bundle may shorten them.

/** These name what travels, or what a platform gives: shortened, nobody would understand them. */
const WIRE_FILES = [/\/protocol\/messages\.ts$/];

/**
 * The property names that are declared in `files`, and mean something nowhere else: not to those who use `entry`, not on
 * the wire, not to the platform or a package.
 *
 * @param neverSet members without a value: nobody gets to anything through them
 */
export function internalNames(root, entry, files, neverSet) {
  const program = programOf(root, entry);
  const names = new Names(program.getTypeChecker(), root + '/libs/', new Set(neverSet));
  for (const file of files) {
    const source = program.getSourceFile(resolve(root, file));
    if (source === undefined) continue;
    names.read(source);
    if (WIRE_FILES.some((wire) => wire.test(source.fileName))) names.keepMembers(source);
  }
  names.keepExports(program.getSourceFile(resolve(root, entry)));
  return names.internal;
}

function programOf(root, entry) {
  const config = join(root, 'tsconfig.json');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile).config,
    ts.sys,
    dirname(config),
  );
  return ts.createProgram([resolve(root, entry)], options);
}

/** Which names were declared, and which of them somebody else knows. */
class Names {
  #checker;
  #ours;
  #neverSet;
  #declared = new Set();
  #known = new Set();
  #published = new Set();

  /** @param ours where the files are whose members are ours to name */
  constructor(checker, ours, neverSet) {
    this.#checker = checker;
    this.#ours = ours;
    this.#neverSet = neverSet;
  }

  get internal() {
    return [...this.#declared].filter((name) => !this.#known.has(name));
  }

  /** What a file declares, and what it uses of others. */
  read(node) {
    if (isMember(node)) this.#declared.add(node.name.text);
    this.#readUse(node);
    ts.forEachChild(node, (child) => this.read(child));
  }

  /** Every member that is declared here is known elsewhere. */
  keepMembers(node) {
    if (isMember(node)) this.#known.add(node.name.text);
    ts.forEachChild(node, (child) => this.keepMembers(child));
  }

  /** Everything that can be reached through what a file exports is known to those who import it. */
  keepExports(file) {
    for (const symbol of this.#checker.getExportsOfModule(this.#checker.getSymbolAtLocation(file))) {
      const target = symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
      this.#publish(this.#checker.getDeclaredTypeOfSymbol(target));
      this.#publish(this.#checker.getTypeOfSymbol(target));
    }
  }

  #readUse(node) {
    if (ts.isPropertyAccessExpression(node)) {
      this.#keepForeign(node.name.text, this.#checker.getSymbolAtLocation(node.name));
    } else if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
      const name = node.propertyName ?? node.name;
      const type = this.#checker.getTypeAtLocation(node.parent);
      if (ts.isIdentifier(name)) this.#keepForeign(name.text, type.getProperty(name.text));
    } else if (ts.isObjectLiteralExpression(node)) {
      const expected = this.#checker.getContextualType(node);
      for (const { name } of node.properties) {
        if (name === undefined || ts.isComputedPropertyName(name) || expected === undefined) continue;
        this.#keepForeign(name.text, propertyOf(expected, name.text));
      }
    } else if (ts.isClassLike(node)) {
      for (const type of (node.heritageClauses ?? []).flatMap(({ types }) => types)) {
        for (const property of this.#checker.getTypeAtLocation(type).getProperties())
          this.#keepForeign(property.name, property);
      }
    } else if (ts.isStringLiteralLike(node) && isKey(node)) {
      this.#known.add(node.text);
    }
  }

  #keepForeign(name, symbol) {
    if (!this.#isOurs(symbol)) this.#known.add(name);
  }

  #isOurs(symbol) {
    return (
      symbol?.declarations?.some((each) => each.getSourceFile().fileName.startsWith(this.#ours)) ?? false
    );
  }

  #publish(type) {
    if (this.#published.has(type)) return;
    this.#published.add(type);
    if (type.isUnionOrIntersection()) for (const each of type.types) this.#publish(each);
    for (const each of this.#checker.getTypeArguments?.(type.target ? type : {}) ?? []) this.#publish(each);
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      this.#publish(signature.getReturnType());
      for (const parameter of signature.getParameters())
        this.#publish(this.#checker.getTypeOfSymbol(parameter));
    }
    for (const property of type.getProperties()) {
      if (!this.#isOurs(property) || property.declarations.some(isPrivate)) continue;
      if (this.#neverSet.has(property.name)) continue;
      this.#known.add(property.name);
      this.#publish(this.#checker.getTypeOfSymbol(property));
    }
  }
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
