import ts from 'typescript';

/**
 * Takes the methods, accessors and object members out of a bundle whose names nobody in it reads. Bundlers leave them in,
 * as somebody might; of `names` it is known that nobody else can.
 *
 * @param source JavaScript
 * @param names as they stand in the bundle
 */
export function dropDeadMembers(source, names) {
  let text = source;
  for (;;) {
    const next = dropOnce(text, names);
    if (next === text) return text;
    text = next;
  }
}

function dropOnce(source, names) {
  const file = ts.createSourceFile('bundle.js', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const read = new Set();
  const written = [];
  const visit = (node) => {
    if (ts.isIdentifier(node) && names.has(node.text)) {
      const definition = definitionOf(node);
      if (definition === undefined) read.add(node.text);
      else written.push({ name: node.text, node: definition });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);

  const dead = written.filter(({ name }) => !read.has(name)).map(({ node }) => node);
  let text = source;
  for (const node of dead.sort((one, other) => other.pos - one.pos)) {
    let { end } = node;
    if (ts.isObjectLiteralElementLike(node) && text[end] === ',') end += 1;
    text = text.slice(0, node.getFullStart()) + text.slice(end);
  }
  return text;
}

/** What may go if nobody reads the member that `name` names here. */
function definitionOf(name) {
  const { parent } = name;
  if (parent.name === name) {
    if (ts.isMethodDeclaration(parent) || ts.isAccessor(parent)) return parent;
    if (ts.isPropertyAssignment(parent) && isHarmless(parent.initializer)) return parent;
    // `this.name = value;`
    if (ts.isPropertyAccessExpression(parent) && parent.expression.kind === ts.SyntaxKind.ThisKeyword) {
      const assignment = parent.parent;
      const isWhole =
        ts.isBinaryExpression(assignment) &&
        assignment.left === parent &&
        assignment.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
        ts.isExpressionStatement(assignment.parent);
      if (isWhole && isHarmless(assignment.right) && ts.isBlock(assignment.parent.parent))
        return assignment.parent;
    }
  }
  return undefined;
}

/** Whether nothing happens when it isn't evaluated. */
function isHarmless(expression) {
  return (
    ts.isIdentifier(expression) ||
    ts.isLiteralExpression(expression) ||
    ts.isArrowFunction(expression) ||
    ts.isFunctionExpression(expression) ||
    expression.kind === ts.SyntaxKind.TrueKeyword ||
    expression.kind === ts.SyntaxKind.FalseKeyword ||
    expression.kind === ts.SyntaxKind.NullKeyword ||
    (ts.isPrefixUnaryExpression(expression) && isHarmless(expression.operand)) ||
    (ts.isVoidExpression(expression) && isHarmless(expression.expression)) ||
    (ts.isArrayLiteralExpression(expression) && expression.elements.length === 0)
  );
}
