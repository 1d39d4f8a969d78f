import ts from 'typescript';

/**
 * Writes `undefined` for the members of these names, and takes away what would give them a value: in this bundle none of
 * them ever has one. Minifiers then see what can't happen.
 *
 * @param source JavaScript in which none of them is taken apart by a pattern
 * @param names of members, as they stand in the bundle
 */
export function leaveOutMembers(source, names) {
  const file = ts.createSourceFile('bundle.js', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const edits = [];
  const isLeftOut = (node) => ts.isPropertyAccessExpression(node) && names.has(node.name.text);
  const visit = (node) => {
    if (isLeftOut(node) || (isAssignment(node) && isLeftOut(node.left))) edits.push(node);
    else ts.forEachChild(node, visit);
  };
  visit(file);
  let text = source;
  for (const node of edits.reverse())
    text = text.slice(0, node.getStart()) + '(void 0)' + text.slice(node.end);
  return text;
}

function isAssignment(node) {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
}
